//! Sockets.

use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};

use super::{address, arg, assert_blocks, assert_returns, error};

#[test]
fn receiving_blocks_unless_told_not_to() {
    let (socket, _peer) = UnixDatagram::pair().expect("sockets");
    let bytes = [0_u8; 8];
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: 8 };
    // SAFETY: all zeros are a valid value of it.
    let mut message: libc::mmsghdr = unsafe { core::mem::zeroed() };
    message.msg_hdr.msg_iov = (&raw const vector).cast_mut();
    message.msg_hdr.msg_iovlen = 1;
    let (buffer, message) = (address!(bytes), address!(message));
    let descriptor = arg!(socket.as_raw_fd());
    let nowait = arg!(libc::MSG_DONTWAIT);
    let again = error(libc::EAGAIN);
    // SAFETY: the buffer and the message live until the end.
    unsafe {
        assert_returns(libc::SYS_recvfrom, &[descriptor, buffer, 8, nowait], again);
        assert_blocks(libc::SYS_recvfrom, &[descriptor, buffer, 8, 0]);
        assert_returns(libc::SYS_recvmsg, &[descriptor, message, nowait], again);
        assert_blocks(libc::SYS_recvmsg, &[descriptor, message, 0]);
        assert_returns(libc::SYS_recvmmsg, &[descriptor, message, 1, nowait], again);
        assert_blocks(libc::SYS_recvmmsg, &[descriptor, message, 1, 0]);
        assert_blocks(libc::SYS_read, &[descriptor, buffer, 8]);
        socket.set_nonblocking(true).expect("a flag");
        assert_returns(libc::SYS_recvfrom, &[descriptor, buffer, 8, 0], again);
        assert_returns(libc::SYS_read, &[descriptor, buffer, 8], again);
    }
}

#[test]
fn sending_blocks_unless_told_not_to() {
    let (socket, _peer) = UnixStream::pair().expect("sockets");
    let bytes = [0_u8; 4096];
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: 4096 };
    // SAFETY: all zeros are a valid value of it.
    let mut message: libc::mmsghdr = unsafe { core::mem::zeroed() };
    message.msg_hdr.msg_iov = (&raw const vector).cast_mut();
    message.msg_hdr.msg_iovlen = 1;
    let (buffer, message) = (address!(bytes), address!(message));
    // SAFETY: the buffer lives until the end.
    while unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), 4096, libc::MSG_DONTWAIT) }
        > 0
    {}
    let descriptor = arg!(socket.as_raw_fd());
    let nowait = arg!(libc::MSG_DONTWAIT);
    let again = error(libc::EAGAIN);
    // SAFETY: the buffer and the message live until the end.
    unsafe {
        assert_returns(libc::SYS_sendto, &[descriptor, buffer, 4096, nowait], again);
        assert_blocks(libc::SYS_sendto, &[descriptor, buffer, 4096, 0]);
        assert_returns(libc::SYS_sendmsg, &[descriptor, message, nowait], again);
        assert_blocks(libc::SYS_sendmsg, &[descriptor, message, 0]);
        assert_returns(libc::SYS_sendmmsg, &[descriptor, message, 1, nowait], again);
        assert_blocks(libc::SYS_sendmmsg, &[descriptor, message, 1, 0]);
    }
}

#[test]
fn a_connection_is_waited_for_unless_the_socket_has_the_flag() {
    let listener = UnixListener::bind_addr(&abstract_address("accept")).expect("a socket");
    let descriptor = arg!(listener.as_raw_fd());
    let again = error(libc::EAGAIN);
    // SAFETY: they take no pointers.
    unsafe {
        assert_blocks(libc::SYS_accept, &[descriptor, 0, 0]);
        assert_blocks(libc::SYS_accept4, &[descriptor, 0, 0, 0]);
        listener.set_nonblocking(true).expect("a flag");
        assert_returns(libc::SYS_accept, &[descriptor, 0, 0], again);
        assert_returns(libc::SYS_accept4, &[descriptor, 0, 0, 0], again);
    }
}

/// A name that no other test has, in no file system.
fn abstract_address(name: &str) -> SocketAddr {
    let name = std::format!("nonblock-{}-{name}", std::process::id());
    SocketAddr::from_abstract_name(name).expect("a name")
}

#[test]
fn connecting_blocks_while_the_queue_is_full() {
    let name = abstract_address("connect");
    let listener = UnixListener::bind_addr(&name).expect("a socket");
    // A queue for one.
    // SAFETY: it takes no pointer.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let _first = UnixStream::connect_addr(&name).expect("there is room for one");
    // SAFETY: all zeros are a valid value of it.
    let mut address: libc::sockaddr_un = unsafe { core::mem::zeroed() };
    address.sun_family = libc::sa_family_t::try_from(libc::AF_UNIX).expect("a family");
    let bytes = name.as_abstract_name().expect("it is abstract");
    for (to, from) in address.sun_path[1..].iter_mut().zip(bytes) {
        *to = i8::try_from(*from).expect("ASCII") as libc::c_char;
    }
    let length = core::mem::offset_of!(libc::sockaddr_un, sun_path) + 1 + bytes.len();
    for (flags, blocks) in [(0, true), (libc::SOCK_NONBLOCK, false)] {
        // SAFETY: it takes no pointer.
        let socket = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | flags, 0) };
        let arguments = [arg!(socket), address!(address), length];
        // SAFETY: the address lives until the end, and the socket is nobody else's.
        unsafe {
            if blocks {
                assert_blocks(libc::SYS_connect, &arguments);
            } else {
                assert_returns(libc::SYS_connect, &arguments, error(libc::EAGAIN));
            }
            assert_eq!(libc::close(socket), 0);
        }
    }
}

#[test]
fn an_option_that_is_a_field_returns() {
    let (socket, _peer) = UnixDatagram::pair().expect("sockets");
    let mut value = 7_i32;
    let mut length = 4_u32;
    let (value, length) =
        ((&raw mut value).expose_provenance(), (&raw mut length).expose_provenance());
    let descriptor = arg!(socket.as_raw_fd());
    let (level, option) = (arg!(libc::SOL_SOCKET), arg!(libc::SO_ERROR));
    // SAFETY: both have room, and live until the end.
    unsafe { assert_returns(libc::SYS_getsockopt, &[descriptor, level, option, value, length], 0) };
}
