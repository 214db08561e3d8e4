//! Waiting for several descriptors at once, and descriptors that stand for events; requests in rings.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception, MemorySize};
use crate::watch::trap::syscalls::constant::values;
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    Descriptor, Flags, Hex, Int, Long, OneOf, Path, Pointer, Size,
};

const NO_TIME: &str = "Its time is zero, so it looks and does not wait.";

static POLL: &[Exception] = &[Exception { when: Condition::Is(2, &[0]), why: NO_TIME }];

static PPOLL: &[Exception] =
    &[Exception { when: Condition::ZeroMemory(2, MemorySize::TwoWords), why: NO_TIME }];

static SELECT: &[Exception] =
    &[Exception { when: Condition::ZeroMemory(4, MemorySize::TwoWords), why: NO_TIME }];

static EPOLL_WAIT: &[Exception] = &[Exception { when: Condition::Is(3, &[0]), why: NO_TIME }];

static EPOLL_PWAIT2: &[Exception] =
    &[Exception { when: Condition::ZeroMemory(3, MemorySize::TwoWords), why: NO_TIME }];

static EPOLL_CTL: &[Exception] = &[Exception {
    when: Condition::Is(1, values!(EPOLL_CTL_MOD EPOLL_CTL_DEL)),
    why: "It changes or removes an entry, under a lock that is never held while a thread waits.",
}];

static SIGNALFD: &[Exception] = &[Exception {
    when: Condition::NotNegative(0),
    why: "It changes the signals of a descriptor that is there.",
}];

static IO_GETEVENTS: &[Exception] = &[
    Exception { when: Condition::Zero(1), why: "It asks for no more events than there are." },
    Exception { when: Condition::ZeroMemory(4, MemorySize::TwoWords), why: NO_TIME },
];

/// The flags of `io_uring_enter` with which it waits.
const GETEVENTS: u32 = 1;
const SQ_WAIT: u32 = 4;

static IO_URING_ENTER: &[Exception] = &[
    Exception {
        when: Condition::Lacks(3, GETEVENTS | SQ_WAIT),
        why: "It hands requests over, and what would wait is left to a thread of the kernel's.",
    },
    Exception {
        when: Condition::All(&[Condition::Lacks(3, SQ_WAIT), Condition::Is(2, &[0])]),
        why: "It asks for no more completions than there are.",
    },
];

calls! {
    poll(Pointer, Int, Int) [unless POLL] "It waits until a descriptor is ready, or its time is over.";
    ppoll(Pointer, Int, Pointer, Pointer, Size) [unless PPOLL] "It waits until a descriptor is ready, or its time is over.";
    select(Int, Pointer, Pointer, Pointer, Pointer) [unless SELECT] "It waits until a descriptor is ready, or its time is over.";
    pselect6(Int, Pointer, Pointer, Pointer, Pointer, Pointer) [unless SELECT] "It waits until a descriptor is ready, or its time is over.";
    epoll_create(Int) [may] "It takes memory for an epoll instance, and may have to wait until some is free.";
    epoll_create1(Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for an epoll instance, and may have to wait until some is free.";
    epoll_ctl(Descriptor, OneOf(names::EPOLL_CTL), Descriptor, Pointer) [unless EPOLL_CTL] "It takes memory for an entry, and the lock of every epoll instance where instances are nested.";
    epoll_wait(Descriptor, Pointer, Int, Int) [unless EPOLL_WAIT] "It waits until a descriptor is ready, or its time is over.";
    epoll_pwait(Descriptor, Pointer, Int, Int, Pointer, Size) [unless EPOLL_WAIT] "It waits until a descriptor is ready, or its time is over.";
    epoll_pwait2(Descriptor, Pointer, Int, Pointer, Pointer, Size) [unless EPOLL_PWAIT2] "It waits until a descriptor is ready, or its time is over.";
    eventfd(Int) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    eventfd2(Int, Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    signalfd(Int, Pointer, Size) [unless SIGNALFD] "It takes memory for a descriptor, and may have to wait until some is free.";
    signalfd4(Int, Pointer, Size, Flags(names::NEW_DESCRIPTOR)) [unless SIGNALFD] "It takes memory for a descriptor, and may have to wait until some is free.";
    inotify_init() [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    inotify_init1(Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    inotify_add_watch(Descriptor, Path, Hex) [may] "It looks a path up, which may read a disk or ask a server.";
    inotify_rm_watch(Descriptor, Int) [may] "It takes the lock of all watches, beneath which others take memory.";
    fanotify_init(Hex, Hex) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    fanotify_mark(Descriptor, Hex, Hex, Descriptor, Path) [may] "It looks a path up, which may read a disk or ask a server.";
    userfaultfd(Flags(names::NEW_DESCRIPTOR)) [may] "It takes memory for a descriptor, and may have to wait until some is free.";
    io_setup(Int, Pointer) [may] "It maps a ring, for which it takes the lock of the address space.";
    io_destroy(Hex) [may] "It waits until all requests of the ring are done.";
    io_submit(Hex, Long, Pointer) [may] "It begins the requests itself, and waits where a file system or a full queue makes it.";
    io_cancel(Hex, Pointer, Pointer) [may] "The device's driver takes the request back, and may wait as long as it likes.";
    io_getevents(Hex, Long, Long, Pointer, Pointer) [unless IO_GETEVENTS] "It waits until as many requests are done as it was told.";
    io_pgetevents(Hex, Long, Long, Pointer, Pointer, Pointer) [unless IO_GETEVENTS] "It waits until as many requests are done as it was told.";
    io_uring_setup(Int, Pointer) [may] "It takes memory for the rings, and starts a thread of the kernel's where it is told to.";
    io_uring_enter(Descriptor, Int, Int, Flags(names::URING), Pointer, Size) [unless IO_URING_ENTER] "It waits for completions, or for room among the requests.";
    io_uring_register(Descriptor, Int, Pointer, Int) [may] "It waits for requests that use what is registered, and takes the lock of the address space.";
}
