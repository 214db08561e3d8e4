//! Futexes, and what processes share by System V's and POSIX's ways: queues, semaphores, memory.

use crate::watch::trap::syscalls::calls_macro::calls;
use crate::watch::trap::syscalls::condition::{Condition, Exception, MemorySize};
use crate::watch::trap::syscalls::constant::{bits, values};
use crate::watch::trap::syscalls::names;
use crate::watch::trap::syscalls::system_call::Argument::{
    FutexOperation, Hex, Int, Long, ModeOfNew, OneOf, OneOfWithFlags, Pointer, Size,
};

/// The flags beside a futex call's kind.
const FUTEX_FLAGS: u32 = bits!(FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME);

static FUTEX: &[Exception] = &[
    Exception {
        when: Condition::Masked(
            1,
            !FUTEX_FLAGS,
            values!(FUTEX_WAKE FUTEX_WAKE_BITSET FUTEX_WAKE_OP),
        ),
        why: "It wakes threads and waits for none.",
    },
    Exception {
        when: Condition::Masked(
            1,
            !FUTEX_FLAGS,
            values!(FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_CMP_REQUEUE_PI),
        ),
        why: "It wakes threads, or moves them to another futex, and waits for none.",
    },
    Exception {
        when: Condition::Masked(1, !FUTEX_FLAGS, values!(FUTEX_UNLOCK_PI)),
        why: "It hands the lock over and waits for nobody.",
    },
    Exception {
        when: Condition::Masked(1, !FUTEX_FLAGS, values!(FUTEX_TRYLOCK_PI)),
        why: "It refuses a lock that is taken instead of waiting.",
    },
    Exception {
        when: Condition::Masked(1, !FUTEX_FLAGS, values!(FUTEX_FD)),
        why: "The kernel has not had this kind since 2.6.26: it fails at once.",
    },
];

const NOWAIT: &str = "With IPC_NOWAIT it fails instead of waiting.";

static SEMOP: &[Exception] = &[Exception {
    when: Condition::EveryOperationNowait(1),
    why: "Each of its operations has IPC_NOWAIT, so it fails instead of waiting.",
}];

static MSGSND: &[Exception] =
    &[Exception { when: Condition::Has(3, bits!(IPC_NOWAIT)), why: NOWAIT }];

static MSGRCV: &[Exception] =
    &[Exception { when: Condition::Has(4, bits!(IPC_NOWAIT)), why: NOWAIT }];

/// Commands of `semctl` that libc's crate does not name in every libc.
const GETPID: u32 = 11;
const GETVAL: u32 = 12;
const GETNCNT: u32 = 14;
const GETZCNT: u32 = 15;
const SETVAL: u32 = 16;

static SEMCTL: &[Exception] = &[
    Exception {
        when: Condition::Is(2, &[GETPID, GETVAL, GETNCNT, GETZCNT, SETVAL]),
        why: "It looks at one semaphore, or sets it, under a lock that is held briefly.",
    },
    Exception { when: Condition::Is(2, values!(IPC_STAT)), why: "It only looks." },
];

static STAT: &[Exception] =
    &[Exception { when: Condition::Is(1, values!(IPC_STAT)), why: "It only looks." }];

static MQ: &[Exception] = &[
    Exception {
        when: Condition::NonblockingFlag(0),
        why: "The queue is open with O_NONBLOCK, so the call fails instead of waiting.",
    },
    Exception {
        when: Condition::ZeroMemory(4, MemorySize::TwoWords),
        why: "The time at which it gives up is long past, and for zero the kernel does not even begin to wait.",
    },
];

calls! {
    futex(Pointer, FutexOperation, Int, Pointer, Pointer, Int) [unless FUTEX] "It waits until another thread wakes it, gives the lock back, or its time is over.";
    futex_wake(Pointer, Hex, Int, Hex) [never] "It wakes threads and waits for none.";
    futex_wait(Pointer, Size, Hex, Hex, Pointer, OneOf(names::CLOCK)) [may] "It waits until another thread wakes it, or its time is over.";
    futex_requeue(Pointer, Hex, Int, Int) [never] "It wakes threads, or moves them to another futex, and waits for none.";
    futex_waitv(Pointer, Int, Hex, Pointer, OneOf(names::CLOCK)) [may] "It waits until another thread wakes it, or its time is over.";
    set_robust_list(Pointer, Size) [never] "It stores an address for this thread.";
    get_robust_list(Int, Pointer, Pointer) [may] "Newer kernels take a lock that the process's execve holds to its end.";
    semget(Hex, Int, Hex) [may] "It takes memory for a set, and a lock of all sets, beneath which others take memory.";
    semop(Int, Pointer, Int) [unless SEMOP] "It waits until others change the semaphores.";
    semtimedop(Int, Pointer, Int, Pointer) [unless SEMOP] "It waits until others change the semaphores, or its time is over.";
    semctl(Int, Int, Int, Hex) [unless SEMCTL] "It takes a lock of all sets, beneath which others take memory.";
    msgget(Hex, Hex) [may] "It takes memory for a queue, and a lock of all queues, beneath which others take memory.";
    msgsnd(Int, Pointer, Size, Hex) [unless MSGSND] "It waits for room in the queue.";
    msgrcv(Int, Pointer, Size, Long, Hex) [unless MSGRCV] "It waits for a message.";
    msgctl(Int, Int, Pointer) [unless STAT] "It takes a lock of all queues, beneath which others take memory.";
    shmget(Hex, Size, Hex) [may] "It takes memory for a segment, and a lock of all segments, beneath which others take memory.";
    shmat(Int, Pointer, Hex) [may] "It takes the lock of the address space, and may have to wait for it.";
    shmdt(Pointer) [may] "It takes the lock of the address space, and may have to wait for it.";
    shmctl(Int, Int, Pointer) [unless STAT] "It takes a lock of all segments, beneath which others take memory.";
    mq_open(Pointer, OneOfWithFlags { mask: 3, values: names::ACCESS, flags: names::OPEN }, ModeOfNew, Pointer) [may] "It looks a name up in a file system, and takes memory for a queue.";
    mq_unlink(Pointer) [may] "It removes a name from a file system, under the lock of its folder.";
    mq_timedsend(Int, Pointer, Size, Int, Pointer) [unless MQ] "It waits for room in the queue, or until its time is over.";
    mq_timedreceive(Int, Pointer, Size, Pointer, Pointer) [unless MQ] "It waits for a message, or until its time is over.";
    mq_notify(Int, Pointer) [may] "It takes memory for the note, and may have to wait until some is free.";
    mq_getsetattr(Int, Pointer, Pointer) [never] "It looks at a queue's limits, or sets its flag, under a lock that is held briefly.";
}
