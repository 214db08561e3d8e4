//! Sockets.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception};
use crate::watch::trap::syscalls::constant::{bits, values};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Int, OneOf, OneOfWithFlags, Pointer, Size,
};

const NONBLOCKING: Exception = Exception {
    when: Condition::Nonblocking(0),
    why: "The socket has O_NONBLOCK, so the call fails instead of waiting.",
};

const DONTWAIT: &str = "With MSG_DONTWAIT it fails instead of waiting.";
const ERRQUEUE: &str = "With MSG_ERRQUEUE it looks at errors that are there, and waits for none.";

static CONNECTION: &[Exception] = &[NONBLOCKING];

static IN_SECOND: &[Exception] =
    &[Exception { when: Condition::Has(2, bits!(MSG_DONTWAIT)), why: DONTWAIT }, NONBLOCKING];

static IN_THIRD: &[Exception] =
    &[Exception { when: Condition::Has(3, bits!(MSG_DONTWAIT)), why: DONTWAIT }, NONBLOCKING];

static RECVMSG: &[Exception] = &[
    Exception { when: Condition::Has(2, bits!(MSG_DONTWAIT)), why: DONTWAIT },
    Exception { when: Condition::Has(2, bits!(MSG_ERRQUEUE)), why: ERRQUEUE },
    NONBLOCKING,
];

static RECVFROM: &[Exception] = &[
    Exception { when: Condition::Has(3, bits!(MSG_DONTWAIT)), why: DONTWAIT },
    Exception { when: Condition::Has(3, bits!(MSG_ERRQUEUE)), why: ERRQUEUE },
    NONBLOCKING,
];

static GETSOCKOPT: &[Exception] = &[Exception {
    when: Condition::All(&[
        Condition::Is(1, values!(SOL_SOCKET)),
        Condition::Is(
            2,
            values!(SO_ERROR SO_TYPE SO_DOMAIN SO_PROTOCOL SO_ACCEPTCONN SO_RCVBUF SO_SNDBUF SO_REUSEADDR SO_REUSEPORT
                SO_KEEPALIVE SO_BROADCAST SO_LINGER SO_PRIORITY SO_MARK SO_RCVTIMEO SO_SNDTIMEO SO_PEERCRED),
        ),
    ]),
    why: "It looks at a field of the socket.",
}];

calls! {
    socket(
        OneOf(names::FAMILY), OneOfWithFlags { mask: 15, values: names::SOCKET, flags: names::SOCKET_FLAGS }, Int
    ) [may] "It takes memory for a socket, and where the kernel lacks the protocol waits for a program that loads it.";
    socketpair(
        OneOf(names::FAMILY), OneOfWithFlags { mask: 15, values: names::SOCKET, flags: names::SOCKET_FLAGS }, Int, Pointer
    ) [may] "It takes memory for two sockets, and may have to wait until some is free.";
    bind(Descriptor, Pointer, Int) [may] "It may make a name in a file system, and takes locks of the network's.";
    listen(Descriptor, Int) [may] "It takes memory for the queue, and locks of the network's.";
    accept(Descriptor, Pointer, Pointer) [unless CONNECTION] "It waits for a connection.";
    accept4(Descriptor, Pointer, Pointer, Flags(names::SOCKET_FLAGS)) [unless CONNECTION] "It waits for a connection.";
    connect(Descriptor, Pointer, Int) [unless CONNECTION] "It waits for the peer.";
    getsockname(Descriptor, Pointer, Pointer) [never] "It looks at the socket's address, under a lock that is never held while a thread waits.";
    getpeername(Descriptor, Pointer, Pointer) [never] "It looks at the peer's address, under a lock that is never held while a thread waits.";
    setsockopt(Descriptor, Int, Int, Pointer, Int) [may] "Many options take a lock of the whole network's, or memory.";
    getsockopt(Descriptor, Int, Int, Pointer, Pointer) [unless GETSOCKOPT] "Some options take a lock of the whole network's, or memory.";
    sendto(Descriptor, Pointer, Size, Flags(names::MESSAGE), Pointer, Int) [unless IN_THIRD] "It waits for room in the socket.";
    sendmsg(Descriptor, Pointer, Flags(names::MESSAGE)) [unless IN_SECOND] "It waits for room in the socket.";
    sendmmsg(Descriptor, Pointer, Int, Flags(names::MESSAGE)) [unless IN_THIRD] "It waits for room in the socket.";
    recvfrom(Descriptor, Pointer, Size, Flags(names::MESSAGE), Pointer, Pointer) [unless RECVFROM] "It waits for bytes or a message.";
    recvmsg(Descriptor, Pointer, Flags(names::MESSAGE)) [unless RECVMSG] "It waits for bytes or a message.";
    recvmmsg(Descriptor, Pointer, Int, Flags(names::MESSAGE), Pointer) [unless RECVFROM] "It waits for messages; its time is looked at only when one has come.";
    shutdown(Descriptor, OneOf(names::SHUTDOWN)) [may] "Some kinds of sockets wait until the peer has what was sent.";
}
