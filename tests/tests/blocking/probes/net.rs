//! The network, and sockets of this machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::socket::{Backlog, listen};

use super::probes;
use crate::observe::{Call, POLL, Seen, blocks, calls};
use crate::slow::{Slow, waits_for_file_system};

/// Any free port of this machine.
const HERE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A name that is looked up: it is no number.
const NAME: (&str, u16) = ("machine.invalid", 9);

const ACCEPT: &[Call] = calls!(SYS_accept4);
const RECEIVE: &[Call] = calls!(SYS_recvfrom, SYS_recvmsg, SYS_read);
const SEND: &[Call] = calls!(SYS_sendto, SYS_sendmsg, SYS_write);

probes! {
    "std::net::TcpStream::connect" => Shows || connects(calls!(SYS_connect), |address| {
        drop(TcpStream::connect(address));
    });
    "std::net::TcpStream::connect_timeout" => Shows || connects(POLL, |address| {
        drop(TcpStream::connect_timeout(&address, Duration::from_hours(1)));
    });
    "std::net::TcpStream::peek" => Shows || {
        let listener = TcpListener::bind(HERE).expect("there is a network of this machine's own");
        let address = listener.local_addr().expect("it has an address");
        let stream = TcpStream::connect(address).expect("somebody listens");
        let (mut peer, _) = listener.accept().expect("somebody has connected");
        blocks(RECEIVE, move || drop(stream.peek(&mut [0])), || {
            io::Write::write_all(&mut peer, b"!").expect("there is room");
        })
    };
    "std::net::TcpListener::bind" => Shows || looks_up(|| drop(TcpListener::bind(NAME)));
    "std::net::TcpListener::accept" => Shows || accepts(|listener| drop(listener.accept()));
    "std::net::TcpListener::incoming" => Shows || accepts(|listener| drop(listener.incoming().next()));
    "std::net::UdpSocket::bind" => Shows || looks_up(|| drop(UdpSocket::bind(NAME)));
    "std::net::UdpSocket::connect" => Shows || looks_up(|| {
        drop(UdpSocket::bind(HERE).expect("there is a free port").connect(NAME));
    });
    "std::net::UdpSocket::send_to" => Shows || looks_up(|| {
        drop(UdpSocket::bind(HERE).expect("there is a free port").send_to(b"!", NAME));
    });
    "std::net::UdpSocket::recv" => Shows || receives(|socket| drop(socket.recv(&mut [0])));
    "std::net::UdpSocket::recv_from" => Shows || receives(|socket| drop(socket.recv_from(&mut [0])));
    "std::net::UdpSocket::peek" => Shows || receives(|socket| drop(socket.peek(&mut [0])));
    "std::net::UdpSocket::peek_from" => Shows || receives(|socket| drop(socket.peek_from(&mut [0])));
    "std::net::ToSocketAddrs::to_socket_addrs" => Shows || looks_up(|| drop(NAME.to_socket_addrs()));
    "std::os::unix::net::UnixStream::connect" => Shows || connects_here(|path| drop(UnixStream::connect(path)));
    "std::os::unix::net::UnixStream::connect_addr" => Shows || connects_here(|path| {
        drop(UnixStream::connect_addr(&address(path)));
    });
    "std::os::unix::net::UnixListener::bind" => Shows || asks(|path| drop(UnixListener::bind(path.with_file_name("new"))));
    "std::os::unix::net::UnixListener::bind_addr" => Shows || asks(|path| {
        drop(UnixListener::bind_addr(&address(&path.with_file_name("new"))));
    });
    "std::os::unix::net::UnixListener::accept" => Shows || accepts_here(|listener| drop(listener.accept()));
    "std::os::unix::net::UnixListener::incoming" => Shows || accepts_here(|listener| {
        drop(listener.incoming().next());
    });
    "std::os::unix::net::UnixDatagram::bind" => Shows || asks(|path| drop(UnixDatagram::bind(path.with_file_name("new"))));
    "std::os::unix::net::UnixDatagram::bind_addr" => Shows || asks(|path| {
        drop(UnixDatagram::bind_addr(&address(&path.with_file_name("new"))));
    });
    "std::os::unix::net::UnixDatagram::connect" => Shows || asks(|path| drop(unbound().connect(path)));
    "std::os::unix::net::UnixDatagram::connect_addr" => Shows || asks(|path| {
        drop(unbound().connect_addr(&address(path)));
    });
    "std::os::unix::net::UnixDatagram::recv" => Shows || receives_here(|socket| drop(socket.recv(&mut [0])));
    "std::os::unix::net::UnixDatagram::recv_from" => Shows || receives_here(|socket| {
        drop(socket.recv_from(&mut [0]));
    });
    "std::os::unix::net::UnixDatagram::send" => Shows || {
        let (to, from) = UnixDatagram::pair().expect("sockets can be made");
        fill(&to, |to| to.send(b"!"));
        blocks(SEND, move || drop(to.send(b"!")), || empty(&from))
    };
    "std::os::unix::net::UnixDatagram::send_to" => Shows || sends_to(|to, path| to.send_to(b"!", path));
    "std::os::unix::net::UnixDatagram::send_to_addr" => Shows || sends_to(|to, path| {
        to.send_to_addr(b"!", &address(path))
    });
}

fn address(path: &Path) -> UnixAddr {
    UnixAddr::from_pathname(path).expect("the path is short")
}

fn unbound() -> UnixDatagram {
    UnixDatagram::unbound().expect("a socket can be made")
}

/// Shows that a call waits for a listener that has no room for it.
fn connects(calls: &[Call], call: fn(SocketAddr)) -> Seen {
    let listener = TcpListener::bind(HERE).expect("there is a network of this machine's own");
    listen(&listener, Backlog::new(0).expect("it is a number")).expect("it listens already");
    let address = listener.local_addr().expect("it has an address");
    // There is room for one.
    let _first = TcpStream::connect(address).expect("somebody listens");
    blocks(calls, move || call(address), || drop(listener.accept()))
}

/// Shows that a call waits for a connection.
fn accepts(call: fn(&TcpListener)) -> Seen {
    let listener = TcpListener::bind(HERE).expect("there is a network of this machine's own");
    let address = listener.local_addr().expect("it has an address");
    blocks(ACCEPT, move || call(&listener), || drop(TcpStream::connect(address)))
}

/// Shows that a call waits for a datagram.
fn receives(call: fn(&UdpSocket)) -> Seen {
    let socket = UdpSocket::bind(HERE).expect("there is a network of this machine's own");
    let address = socket.local_addr().expect("it has an address");
    let peer = UdpSocket::bind(HERE).expect("there is a free port");
    peer.connect(address).expect("it is a number");
    socket.connect(peer.local_addr().expect("it has an address")).expect("it is a number");
    blocks(RECEIVE, move || call(&socket), || drop(peer.send(b"!")))
}

/// Shows that a call looks a name up: it waits for the file system that has the resolver's configuration.
fn looks_up(call: fn()) -> Seen {
    waits_for_file_system(&Slow::mount_at("/etc"), |_| (), move |()| call())
}

/// Shows that a call with a path waits for the file system.
fn asks(call: fn(&Path)) -> Seen {
    waits_for_file_system(&Slow::mount(), Slow::file, move |path: &mut PathBuf| call(path))
}

/// Shows that a call waits for a listener that has no room for it.
fn connects_here(call: fn(&Path)) -> Seen {
    // Relative, as the path of a socket must be short.
    let path = Path::new("listener");
    let listener = UnixListener::bind(path).expect("a socket can be made");
    listen(&listener, Backlog::new(0).expect("it is a number")).expect("it listens already");
    // There is room for one.
    let _first = UnixStream::connect(path).expect("somebody listens");
    blocks(calls!(SYS_connect), move || call(path), || drop(listener.accept()))
}

/// Shows that a call waits for a connection.
fn accepts_here(call: fn(&UnixListener)) -> Seen {
    let path = Path::new("listener");
    let listener = UnixListener::bind(path).expect("a socket can be made");
    blocks(ACCEPT, move || call(&listener), || drop(UnixStream::connect(path)))
}

/// Shows that a call waits for a datagram.
fn receives_here(call: fn(&UnixDatagram)) -> Seen {
    let (to, from) = UnixDatagram::pair().expect("sockets can be made");
    blocks(RECEIVE, move || call(&from), || drop(to.send(b"!")))
}

/// Shows that a call waits for a receiver that has no room.
fn sends_to(send: fn(&UnixDatagram, &Path) -> io::Result<usize>) -> Seen {
    let path = Path::new("receiver");
    let from = UnixDatagram::bind(path).expect("a socket can be made");
    let to = unbound();
    fill(&to, |to| send(to, path));
    blocks(SEND, move || drop(send(&to, path)), || empty(&from))
}

/// Sends until there is no room.
fn fill(to: &UnixDatagram, send: impl Fn(&UnixDatagram) -> io::Result<usize>) {
    to.set_nonblocking(true).expect("it is a socket");
    while send(to).is_ok() {}
    to.set_nonblocking(false).expect("it is a socket");
}

/// Receives all there is.
fn empty(from: &UnixDatagram) {
    from.set_nonblocking(true).expect("it is a socket");
    while from.recv(&mut [0]).is_ok() {}
}
