//! Sockets, and the names of machines.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use super::support::{keeping, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::once_blocked;

pub(super) const OPERATIONS: &[Operation] = operations! {
    "std::net::TcpListener::accept" => accept;
    "std::net::TcpStream::connect, to this machine" => connect;
    "std::net::TcpStream::read" => tcp_read;
    "std::net::TcpStream::write, room" => tcp_write;
    "std::net::UdpSocket::recv" => udp_recv;
    "std::net::UdpSocket::send_to" => udp_send;
    "std::net::UdpSocket::bind" => bind;
    "std::os::unix::net::UnixStream::connect, full" => unix_connect;
    "std::os::unix::net::UnixStream::write, full" => unix_write;
    "std::os::unix::net::UnixDatagram::recv" => unix_recv;
    "recvmsg" => recvmsg;
    "std::net::ToSocketAddrs, a name" => resolve [Slept: May(NAMES), Trap: Some(NAMES), Sanitizer: Some(NAMES)];
    "getaddrinfo" => getaddrinfo [Slept: May(NAMES), Trap: Some(NAMES), Sanitizer: Some(NAMES)];
};

const NAMES: &str =
    "It depends on how this machine looks up names. It must be reported all the same.";

fn listener() -> Result<(TcpListener, std::net::SocketAddr), String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok((listener, address))
}

fn connection() -> Result<(TcpStream, TcpStream), String> {
    let (listener, address) = listener()?;
    let one = TcpStream::connect(address).map_err(|error| error.to_string())?;
    let (other, _) = listener.accept().map_err(|error| error.to_string())?;
    Ok((one, other))
}

fn accept() -> Prepared {
    let (listener, address) = listener()?;
    once_blocked(move || TcpStream::connect(address));
    keeping(move || listener.accept().expect("somebody connects"))
}

fn connect() -> Prepared {
    let (listener, address) = listener()?;
    let mut connected = None;
    Ok(Box::new(move || {
        let stream = TcpStream::connect(address).expect("it is listened to");
        black_box(connected.insert(stream));
        let _alive = &listener;
    }))
}

fn tcp_read() -> Prepared {
    let (mut one, mut other) = connection()?;
    once_blocked(move || other.write_all(&[1]).map(|()| other));
    let mut byte = [0];
    Ok(Box::new(move || assert_eq!(one.read(&mut byte).expect("it is written"), 1)))
}

fn tcp_write() -> Prepared {
    let (mut one, other) = connection()?;
    Ok(Box::new(move || {
        assert_eq!(one.write(&[1]).expect("there is room"), 1);
        let _alive = &other;
    }))
}

fn udp() -> Result<(UdpSocket, std::net::SocketAddr), String> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let address = socket.local_addr().map_err(|error| error.to_string())?;
    Ok((socket, address))
}

fn udp_recv() -> Prepared {
    let (socket, address) = udp()?;
    let (sender, _) = udp()?;
    once_blocked(move || sender.send_to(&[1], address));
    let mut byte = [0];
    Ok(Box::new(move || assert_eq!(socket.recv(&mut byte).expect("it is sent"), 1)))
}

fn udp_send() -> Prepared {
    let (socket, address) = udp()?;
    Ok(Box::new(move || assert_eq!(socket.send_to(&[1], address).expect("it is here"), 1)))
}

fn bind() -> Prepared {
    keeping(move || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"))
}

fn unix_connect() -> Prepared {
    let path = std::env::temp_dir().join("socket");
    let listener = UnixListener::bind(&path).map_err(|error| error.to_string())?;
    // From now on one waits to be accepted at most.
    // SAFETY: it takes no pointer.
    succeeded(unsafe { libc::listen(listener.as_raw_fd(), 0) });
    let waiting = UnixStream::connect(&path).map_err(|error| error.to_string())?;
    once_blocked(move || {
        let accepted = listener.accept();
        (listener, waiting, accepted)
    });
    keeping(move || UnixStream::connect(&path).expect("one is accepted"))
}

fn unix_write() -> Prepared {
    let (mut one, mut other) = UnixStream::pair().map_err(|error| error.to_string())?;
    one.set_nonblocking(true).map_err(|error| error.to_string())?;
    while one.write(&[0; 4096]).is_ok() {}
    one.set_nonblocking(false).map_err(|error| error.to_string())?;
    once_blocked(move || while other.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {});
    Ok(Box::new(move || one.write_all(&[1; 4096]).expect("it is read")))
}

fn unix_recv() -> Prepared {
    let (one, other) = UnixDatagram::pair().map_err(|error| error.to_string())?;
    once_blocked(move || other.send(&[1]).map(|_| other));
    let mut byte = [0];
    Ok(Box::new(move || assert_eq!(one.recv(&mut byte).expect("it is sent"), 1)))
}

fn recvmsg() -> Prepared {
    let (one, other) = UnixDatagram::pair().map_err(|error| error.to_string())?;
    once_blocked(move || other.send(&[1]).map(|_| other));
    Ok(Box::new(move || {
        let mut byte = [0_u8];
        let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        // SAFETY: zeros are such a structure.
        let mut message = unsafe { std::mem::zeroed::<libc::msghdr>() };
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        // SAFETY: it writes to the one byte that is named.
        assert_eq!(unsafe { libc::recvmsg(one.as_raw_fd(), &raw mut message, 0) }, 1);
    }))
}

fn resolve() -> Prepared {
    keeping(move || ("localhost", 80).to_socket_addrs())
}

fn getaddrinfo() -> Prepared {
    let mut found = std::ptr::null_mut();
    Ok(Box::new(move || {
        // What it finds is of no matter here.
        // SAFETY: the name ends in a nul, and the result has room.
        let _ = unsafe {
            let none = std::ptr::null();
            libc::getaddrinfo(c"localhost".as_ptr(), none, none.cast(), &raw mut found)
        };
    }))
}
