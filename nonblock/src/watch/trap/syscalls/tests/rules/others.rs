//! Cases of calls that wait, and of those that look or set.

use std::vec::Vec;

use super::world::{FILE, NONBLOCK_FILE};
use super::{ADDRESS, Registers, arg};

/// Polling, rings, and events.
pub(super) fn waiting() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    let minus_one = usize::MAX;
    cases.extend([
        ("poll", [ADDRESS, 1, 0].into(), false),
        ("poll", [ADDRESS, 1, 1].into(), true),
        ("poll", [ADDRESS, 1, minus_one].into(), true),
        ("epoll_wait", [3, ADDRESS, 1, 0].into(), false),
        ("epoll_wait", [3, ADDRESS, 1, minus_one].into(), true),
        ("epoll_pwait", [3, ADDRESS, 1, 0].into(), false),
        ("epoll_pwait", [3, ADDRESS, 1, 1].into(), true),
        ("epoll_ctl", [3, arg!(EPOLL_CTL_ADD), 4].into(), true),
        ("epoll_ctl", [3, arg!(EPOLL_CTL_MOD), 4].into(), false),
        ("epoll_ctl", [3, arg!(EPOLL_CTL_DEL), 4].into(), false),
        ("signalfd", [3].into(), false),
        ("signalfd", [minus_one].into(), true),
        ("signalfd4", [3].into(), false),
        ("signalfd4", [0xffff_ffff].into(), true),
        ("io_uring_enter", [3, 8, 0, 0].into(), false),
        ("io_uring_enter", [3, 8, 1, 0].into(), false),
        ("io_uring_enter", [3, 8, 0, 1].into(), false),
        ("io_uring_enter", [3, 8, 1, 1].into(), true),
        ("io_uring_enter", [3, 8, 0, 4].into(), true),
        ("io_getevents", [1, 0, 8].into(), false),
        ("io_getevents", [1, 1, 8].into(), true),
        ("io_pgetevents", [1, 0, 8].into(), false),
        ("io_pgetevents", [1, 1, 8].into(), true),
    ]);
    cases
}

/// Children, clocks, memory, and what belongs to a thread.
pub(super) fn processes() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    let minus_one = usize::MAX;
    cases.extend([
        ("wait4", [minus_one, 0, arg!(WNOHANG)].into(), false),
        ("wait4", [minus_one, 0, arg!(WUNTRACED)].into(), true),
        ("waitid", [0, 0, 0, arg!(WNOHANG | WEXITED)].into(), false),
        ("waitid", [0, 0, 0, arg!(WEXITED)].into(), true),
        ("getrandom", [ADDRESS, 8, arg!(GRND_NONBLOCK)].into(), false),
        ("getrandom", [ADDRESS, 8, arg!(GRND_INSECURE)].into(), false),
        ("getrandom", [ADDRESS, 8, 0].into(), true),
        ("clock_gettime", [arg!(CLOCK_THREAD_CPUTIME_ID)].into(), false),
        ("clock_gettime", [minus_one << 3 | 2].into(), false),
        ("clock_gettime", [minus_one << 3 | 3].into(), true),
        ("clock_getres", [arg!(CLOCK_MONOTONIC)].into(), false),
        ("clock_getres", [minus_one << 3 | 3].into(), true),
        ("get_mempolicy", [0, 0, 0, 0, 0].into(), false),
        ("get_mempolicy", [0, 0, 0, ADDRESS, 2].into(), true),
        ("fadvise64", [FILE, 0, 0, arg!(POSIX_FADV_SEQUENTIAL)].into(), false),
        ("fadvise64", [FILE, 0, 0, arg!(POSIX_FADV_WILLNEED)].into(), true),
        ("fadvise64", [FILE, 0, 0, arg!(POSIX_FADV_DONTNEED)].into(), true),
        ("sync_file_range", [FILE, 0, 0, 0].into(), false),
        ("sync_file_range", [FILE, 0, 0, 2].into(), true),
        ("prctl", [arg!(PR_GET_NAME)].into(), false),
        ("prctl", [arg!(PR_SET_NAME)].into(), false),
        ("prctl", [52].into(), false),
        ("prctl", [59, 1].into(), false),
        ("prctl", [arg!(PR_SET_VMA)].into(), true),
        ("prctl", [arg!(PR_SET_SECCOMP)].into(), true),
        ("prctl", [9999].into(), true),
        ("arch_prctl", [0x1002].into(), false),
        ("arch_prctl", [0x1023].into(), true),
        ("membarrier", [0].into(), false),
        ("membarrier", [512].into(), false),
        ("membarrier", [8].into(), false),
        ("membarrier", [2].into(), false),
        ("membarrier", [1].into(), true),
        ("membarrier", [16].into(), true),
    ]);
    cases
}

/// System V's and POSIX's queues and semaphores.
pub(super) fn ipc() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    cases.extend([
        ("msgsnd", [1, ADDRESS, 1, arg!(IPC_NOWAIT)].into(), false),
        ("msgsnd", [1, ADDRESS, 1, 0].into(), true),
        ("msgrcv", [1, ADDRESS, 1, 0, arg!(IPC_NOWAIT)].into(), false),
        ("msgrcv", [1, ADDRESS, 1, arg!(IPC_NOWAIT), 0].into(), true),
        ("msgctl", [1, arg!(IPC_STAT)].into(), false),
        ("msgctl", [1, arg!(IPC_RMID)].into(), true),
        ("shmctl", [1, arg!(IPC_STAT)].into(), false),
        ("shmctl", [1, arg!(IPC_RMID)].into(), true),
        ("semctl", [1, 0, arg!(IPC_STAT)].into(), false),
        ("semctl", [1, 0, arg!(SETVAL)].into(), false),
        ("semctl", [1, 0, arg!(GETVAL)].into(), false),
        ("semctl", [1, 0, arg!(GETALL)].into(), true),
        // A queue is a file, and heeds the flag.
        ("mq_timedsend", [NONBLOCK_FILE].into(), false),
        ("mq_timedsend", [FILE].into(), true),
        ("mq_timedreceive", [NONBLOCK_FILE].into(), false),
        ("mq_timedreceive", [FILE].into(), true),
    ]);
    cases
}

/// Every kind of futex call, with its flags.
pub(super) fn futexes() -> Vec<Registers> {
    let mut cases: Vec<Registers> = Vec::new();
    for (operation, may_block) in [
        (libc::FUTEX_WAIT, true),
        (libc::FUTEX_WAKE, false),
        (libc::FUTEX_FD, false),
        (libc::FUTEX_REQUEUE, false),
        (libc::FUTEX_CMP_REQUEUE, false),
        (libc::FUTEX_WAKE_OP, false),
        (libc::FUTEX_LOCK_PI, true),
        (libc::FUTEX_UNLOCK_PI, false),
        (libc::FUTEX_TRYLOCK_PI, false),
        (libc::FUTEX_WAIT_BITSET, true),
        (libc::FUTEX_WAKE_BITSET, false),
        (libc::FUTEX_WAIT_REQUEUE_PI, true),
        (libc::FUTEX_CMP_REQUEUE_PI, false),
        (libc::FUTEX_LOCK_PI2, true),
        (14, true),
        (127, true),
    ] {
        for flags in
            [0, libc::FUTEX_PRIVATE_FLAG, libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME]
        {
            let operation = usize::try_from(operation | flags).expect("not below zero");
            cases.push(("futex", [ADDRESS, operation, 1].into(), may_block));
            // A wait stays a wait, whatever its time.
            cases.push(("futex", [ADDRESS, operation, 1, ADDRESS].into(), may_block));
        }
    }
    cases
}
