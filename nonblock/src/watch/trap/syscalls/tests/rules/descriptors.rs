//! Cases of calls on descriptors and sockets.

use std::vec::Vec;

use super::world::{
    CLOSED, FILE, NONBLOCK_DISK, NONBLOCK_EVENTS, NONBLOCK_FILE, NONBLOCK_PIPE, NONBLOCK_SOCKET,
    NONBLOCK_TERMINAL, PIPE, SOCKET,
};
use super::{Registers, arg};

/// Reading and writing.
pub(super) fn transfers() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    for name in [
        "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
        "pwritev2",
    ] {
        for descriptor in [NONBLOCK_PIPE, NONBLOCK_SOCKET, NONBLOCK_TERMINAL, NONBLOCK_EVENTS] {
            cases.push((name, [descriptor].into(), false));
        }
        for descriptor in [PIPE, SOCKET, FILE, NONBLOCK_FILE, NONBLOCK_DISK, CLOSED, usize::MAX] {
            cases.push((name, [descriptor].into(), true));
        }
    }
    let nowait = arg!(RWF_NOWAIT);
    for name in ["preadv2", "pwritev2"] {
        cases.push((name, [FILE, 0, 0, 0, 0, nowait].into(), false));
        cases.push((name, [FILE, 0, 0, 0, 0, arg!(RWF_HIPRI)].into(), true));
    }
    cases
}

/// Sockets.
pub(super) fn sockets() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    let dontwait = arg!(MSG_DONTWAIT);
    for (name, flags) in [
        ("sendto", 3),
        ("sendmsg", 2),
        ("sendmmsg", 3),
        ("recvfrom", 3),
        ("recvmsg", 2),
        ("recvmmsg", 3),
    ] {
        let with = |descriptor, value| {
            let mut arguments = [0; 6];
            arguments[0] = descriptor;
            arguments[flags] = value;
            arguments.to_vec()
        };
        cases.push((name, with(SOCKET, dontwait), false));
        cases.push((name, with(SOCKET, 0), true));
        cases.push((name, with(SOCKET, arg!(MSG_NOSIGNAL)), true));
        cases.push((name, with(NONBLOCK_SOCKET, 0), false));
        cases.push((name, with(SOCKET, arg!(MSG_ERRQUEUE)), name.starts_with("send")));
    }
    for name in ["accept", "accept4", "connect"] {
        cases.push((name, [NONBLOCK_SOCKET].into(), false));
        cases.push((name, [SOCKET].into(), true));
    }
    cases.extend([
        ("getsockopt", [SOCKET, arg!(SOL_SOCKET), arg!(SO_ERROR)].into(), false),
        ("getsockopt", [SOCKET, arg!(SOL_SOCKET), arg!(SO_PEERSEC)].into(), true),
        ("getsockopt", [SOCKET, arg!(IPPROTO_TCP), arg!(SO_ERROR)].into(), true),
    ]);
    cases
}

/// Splicing, closing, and locks of files.
pub(super) fn pipes_and_locks() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    let splice = arg!(SPLICE_F_NONBLOCK);
    cases.extend([
        ("splice", [PIPE, 0, NONBLOCK_SOCKET, 0, 1, splice].into(), false),
        ("splice", [NONBLOCK_SOCKET, 0, PIPE, 0, 1, splice].into(), false),
        ("splice", [PIPE, 0, PIPE, 0, 1, splice].into(), false),
        ("splice", [PIPE, 0, SOCKET, 0, 1, splice].into(), true),
        ("splice", [FILE, 0, PIPE, 0, 1, splice].into(), true),
        ("splice", [PIPE, 0, PIPE, 0, 1, 0].into(), true),
        ("tee", [PIPE, PIPE, 1, splice].into(), false),
        ("tee", [PIPE, PIPE, 1, arg!(SPLICE_F_MOVE)].into(), true),
        ("vmsplice", [PIPE, 0, 1, splice].into(), false),
        ("vmsplice", [PIPE, 0, 1, 0].into(), true),
        ("close_range", [3, 9, 4].into(), false),
        ("close_range", [3, 9, 6].into(), true),
        ("close_range", [3, 9, 0].into(), true),
        ("flock", [FILE, arg!(LOCK_EX | LOCK_NB)].into(), false),
        ("flock", [FILE, arg!(LOCK_UN)].into(), false),
        ("flock", [FILE, arg!(LOCK_EX)].into(), true),
        ("flock", [FILE, arg!(LOCK_SH)].into(), true),
    ]);
    cases
}

/// Commands of `fcntl`.
pub(super) fn commands() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    for command in [
        arg!(F_GETFD),
        arg!(F_SETFD),
        arg!(F_GETFL),
        arg!(F_GETOWN),
        arg!(F_GETPIPE_SZ),
        arg!(F_GET_SEALS),
        11,
        16,
        1027,
        1028,
        arg!(F_SETLK),
        arg!(F_GETLK),
        arg!(F_OFD_SETLK),
        arg!(F_OFD_GETLK),
        arg!(F_SETFL),
    ] {
        cases.push(("fcntl", [FILE, command].into(), false));
    }
    for command in [
        arg!(F_SETLKW),
        arg!(F_OFD_SETLKW),
        arg!(F_DUPFD),
        arg!(F_DUPFD_CLOEXEC),
        arg!(F_SETLEASE),
        arg!(F_SETPIPE_SZ),
        arg!(F_ADD_SEALS),
        arg!(F_NOTIFY),
        9999,
    ] {
        cases.push(("fcntl", [FILE, command].into(), true));
    }
    cases.push(("fcntl", [FILE, arg!(F_SETFL), arg!(O_ASYNC)].into(), true));
    cases.push(("fcntl", [FILE, arg!(F_SETFL), arg!(O_NONBLOCK)].into(), false));
    cases
}

/// Requests of `ioctl`.
pub(super) fn requests() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    for request in [
        arg!(FIONREAD),
        arg!(FIONBIO),
        arg!(FIOCLEX),
        arg!(FIONCLEX),
        arg!(TIOCGWINSZ),
        arg!(TCGETS),
        arg!(TIOCGPGRP),
        arg!(TIOCGSID),
        arg!(TIOCOUTQ),
        0x802c_542a,
        0x8004_5430,
    ] {
        cases.push(("ioctl", [NONBLOCK_TERMINAL, request].into(), false));
    }
    for request in [arg!(TCSBRK), arg!(TCSETSW), arg!(FIOASYNC), 0] {
        cases.push(("ioctl", [NONBLOCK_TERMINAL, request].into(), true));
    }
    cases
}
