#!/usr/bin/env bash
# A read of an O_NONBLOCK pipe sleeps, uninterruptibly, for as long as another thread's write to it waits for a page; likewise
# FIONREAD, close, recv with MSG_DONTWAIT, and on TCP even getpeername.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "userfaultfd stands in for a page that is not there, within system calls too"

guessed "O_NONBLOCK and MSG_DONTWAIT never wait: while another call is under way they go on beside it, or answer EAGAIN"

rust 'libc = "=0.2.191"' <<'RUST'
mod hole;
use hole::while_faulting;
use libc::*;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::IntoRawFd;
use std::ptr::from_mut;

fn pipe() -> [i32; 2] {
    let mut ends = [0; 2];
    assert_eq!(unsafe { pipe2(ends.as_mut_ptr(), O_NONBLOCK) }, 0);
    assert_eq!(unsafe { write(ends[1], b"hello".as_ptr().cast(), 5) }, 5);
    ends
}

fn unix() -> [i32; 2] {
    let mut ends = [0; 2];
    assert_eq!(unsafe { socketpair(AF_UNIX, SOCK_STREAM, 0, ends.as_mut_ptr()) }, 0);
    assert_eq!(unsafe { send(ends[0], b"hello hello".as_ptr().cast(), 11, 0) }, 11);
    ends
}

fn tcp() -> [i32; 2] {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap().into_raw_fd();
    assert_eq!(unsafe { send(sender, b"hello hello".as_ptr().cast(), 11, 0) }, 11);
    [sender, listener.accept().unwrap().0.into_raw_fd()]
}

fn udp() -> [i32; 2] {
    let [one, two] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    one.connect(two.local_addr().unwrap()).unwrap();
    two.connect(one.local_addr().unwrap()).unwrap();
    (0..2).for_each(|_| assert_eq!(one.send(b"hello").unwrap(), 5));
    [one.into_raw_fd(), two.into_raw_fd()]
}

fn terminal() -> [i32; 2] {
    unsafe {
        let master = posix_openpt(O_RDWR | O_NOCTTY);
        assert_eq!((grantpt(master), unlockpt(master)), (0, 0));
        let slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
        let mut raw = std::mem::zeroed();
        assert_eq!(tcgetattr(slave, &mut raw), 0);
        cfmakeraw(&mut raw);
        assert_eq!(tcsetattr(slave, TCSANOW, &raw), 0);
        assert_eq!(write(master, b"hello".as_ptr().cast(), 5), 5);
        while waiting(slave) < 5 {}
        [master, slave]
    }
}

fn waiting(fd: i32) -> i32 {
    let mut bytes = 0;
    unsafe { ioctl(fd, FIONREAD, from_mut(&mut bytes)) };
    bytes
}

fn ready(fd: i32) {
    let mut events = pollfd { fd, events: POLLIN | POLLOUT, revents: 0 };
    unsafe { poll(&mut events, 1, 0) };
}

fn take(fd: i32) {
    unsafe { read(fd, [0_u8; 2].as_mut_ptr().cast(), 2) };
}

fn take_now(fd: i32) {
    unsafe { recv(fd, [0_u8; 2].as_mut_ptr().cast(), 2, MSG_DONTWAIT) };
}

fn give_now(fd: i32) {
    unsafe { send(fd, b"hi".as_ptr().cast(), 2, MSG_DONTWAIT) };
}

fn main() {
    let writing = |to: i32| move |page: *mut c_void| _ = unsafe { write(to, page, 100) };
    let receiving = |from: i32| move |page: *mut c_void| _ = unsafe { recv(from, page, 5, 0) };

    let [rx, tx] = pipe();
    while_faulting("pipe, read", writing(tx), || take(rx));
    while_faulting("pipe, FIONREAD", writing(tx), || _ = waiting(rx));
    while_faulting("pipe, poll", writing(tx), || ready(rx));
    while_faulting("pipe, close", writing(tx), || _ = unsafe { close(rx) });

    let [_tx, rx] = unix();
    while_faulting("unix socket, recv", receiving(rx), || take_now(rx));
    let [tx, rx] = unix();
    while_faulting("unix socket, send by the peer", receiving(rx), || give_now(tx));

    let [_tx, rx] = tcp();
    while_faulting("tcp socket, recv", receiving(rx), || take_now(rx));
    let [_tx, rx] = tcp();
    while_faulting("tcp socket, send", receiving(rx), || give_now(rx));
    let [_tx, rx] = tcp();
    while_faulting("tcp socket, poll", receiving(rx), || ready(rx));
    let [_tx, rx] = tcp();
    while_faulting("tcp socket, getpeername", receiving(rx), || {
        let (mut address, mut size) = ([0_u8; 64], 64);
        assert_eq!(unsafe { getpeername(rx, address.as_mut_ptr().cast(), &mut size) }, 0);
    });

    let [_tx, rx] = udp();
    while_faulting("udp socket, recv", receiving(rx), || take_now(rx));

    let [_master, slave] = terminal();
    while_faulting("terminal, read", move |page| _ = unsafe { read(slave, page, 5) }, || {
        assert_eq!(unsafe { read(slave, [0_u8; 2].as_mut_ptr().cast(), 2) }, -1);
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(EAGAIN));
    });
}
RUST

look target/debug/probe
for waits in "pipe, read" "pipe, FIONREAD" "pipe, close" "unix socket, recv" "tcp socket, recv" "tcp socket, send" \
  "tcp socket, getpeername"; do
  holds "$waits: sleeps, uninterruptibly"
done
for returns in "pipe, poll" "unix socket, send by the peer" "tcp socket, poll" "udp socket, recv" "terminal, read"; do
  holds "$returns: returns at once"
done
echo "found:   the flag is about data and room; the lock that the other call holds through its page fault is waited for. A terminal only tries it, and UDP holds none"
