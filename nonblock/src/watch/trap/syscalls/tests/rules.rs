//! Each rule by arguments with both outcomes, in a made-up world.

use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::made_up::{ADDRESS, MadeUp, call};
use crate::watch::trap::syscalls::ask::DescriptorKind;
use crate::watch::trap::syscalls::classify::{Verdict, decide};
use crate::watch::trap::syscalls::condition::Condition;
use crate::watch::trap::syscalls::numbers::x86_64;
use crate::watch::trap::syscalls::system_call::Class;

/// A descriptor of each kind, with `O_NONBLOCK` and without.
const PIPE: usize = 10;
const NONBLOCK_PIPE: usize = 11;
const SOCKET: usize = 12;
const NONBLOCK_SOCKET: usize = 13;
const FILE: usize = 14;
const NONBLOCK_FILE: usize = 15;
const NONBLOCK_DISK: usize = 16;
const NONBLOCK_TERMINAL: usize = 17;
const NONBLOCK_EVENTS: usize = 18;
const CLOSED: usize = 99;

fn world() -> MadeUp {
    let nonblock = libc::O_NONBLOCK;
    MadeUp::default()
        .with_descriptor(10, libc::O_RDWR, DescriptorKind::Pipe)
        .with_descriptor(11, nonblock, DescriptorKind::Pipe)
        .with_descriptor(12, libc::O_RDWR, DescriptorKind::Socket)
        .with_descriptor(13, nonblock | libc::O_RDWR, DescriptorKind::Socket)
        .with_descriptor(14, libc::O_RDWR, DescriptorKind::File)
        .with_descriptor(15, nonblock, DescriptorKind::File)
        .with_descriptor(16, nonblock, DescriptorKind::BlockDevice)
        .with_descriptor(17, nonblock, DescriptorKind::CharacterDevice)
        .with_descriptor(18, nonblock, DescriptorKind::Anonymous)
}

/// A constant of libc's as an argument.
macro_rules! arg {
    ($($name:ident)|+) => { usize::try_from($(libc::$name)|+).expect("not below zero") };
}

/// A call with the arguments that it begins with; the others are zero.
fn verdict(name: &str, given: &[usize], world: &MadeUp) -> Verdict {
    let mut arguments = [0; 6];
    arguments[..given.len()].copy_from_slice(given);
    decide(call(name), &arguments, world)
}

/// Two times, of which one is zero.
const ZERO_TIME: [u8; 16] = [0; 16];
const SOME_TIME: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

/// Two semaphore operations.
fn operations(flags: [i32; 2]) -> Vec<u8> {
    flags
        .into_iter()
        .flat_map(|flags| {
            let flags = u16::try_from(flags).expect("flags of 16 bits").to_ne_bytes();
            [0, 0, 1, 0, flags[0], flags[1]]
        })
        .collect()
}

/// What is asked of each call: its arguments, and whether it may block then. The memory at `ADDRESS` is that of the case.
type Case = (&'static str, Vec<usize>, Vec<u8>, bool);

/// The cases in which the memory means nothing.
fn by_registers() -> Vec<Case> {
    let mut cases: Vec<(&str, Vec<usize>, bool)> = Vec::new();
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
        ("io_getevents", [1, 0, 8].into(), false),
        ("io_getevents", [1, 1, 8].into(), true),
        ("io_pgetevents", [1, 0, 8].into(), false),
        ("io_pgetevents", [1, 1, 8].into(), true),
    ]);
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
        .into_iter()
        .map(|(name, given, may_block)| (name, given, ZERO_TIME.to_vec(), may_block))
        .collect()
}

/// The cases in which the call's memory decides.
fn by_memory() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (name, index) in [
        ("ppoll", 2),
        ("select", 4),
        ("pselect6", 4),
        ("epoll_pwait2", 3),
        ("rt_sigtimedwait", 2),
        ("mq_timedsend", 4),
        ("mq_timedreceive", 4),
        ("io_getevents", 4),
        ("io_pgetevents", 4),
    ] {
        let at = |address| {
            let mut arguments = [1; 6];
            arguments[index] = address;
            arguments.to_vec()
        };
        cases.push((name, at(ADDRESS), ZERO_TIME.into(), false));
        cases.push((name, at(ADDRESS), SOME_TIME.into(), true));
        cases.push((name, at(0), ZERO_TIME.into(), true));
        cases.push((name, at(ADDRESS + 1), ZERO_TIME.into(), true));
        cases.push((name, at(usize::MAX), ZERO_TIME.into(), true));
    }
    let nowait = libc::IPC_NOWAIT;
    for name in ["semop", "semtimedop"] {
        cases.push((name, [1, ADDRESS, 2].into(), operations([nowait, nowait]), false));
        cases.push((name, [1, ADDRESS, 2].into(), operations([nowait, 0]), true));
        cases.push((name, [1, ADDRESS, 1].into(), operations([nowait, 0]), false));
        cases.push((name, [1, ADDRESS, 1].into(), operations([0, nowait]), true));
        cases.push((name, [1, ADDRESS, 3].into(), operations([nowait, nowait]), true));
        cases.push((name, [1, ADDRESS, usize::MAX].into(), operations([nowait, nowait]), true));
        cases.push((name, [1, 0, 1].into(), operations([nowait, nowait]), true));
    }
    for (name, given) in [("adjtimex", [ADDRESS, 0]), ("clock_adjtime", [0, ADDRESS])] {
        cases.push((name, given.into(), ZERO_TIME.into(), false));
        cases.push((name, given.into(), [1, 0, 0, 0].into(), true));
        cases.push((name, given.into(), [0, 0].into(), true));
    }
    cases.push(("clock_adjtime", [usize::MAX << 3 | 3, ADDRESS].into(), ZERO_TIME.into(), true));
    cases
}

fn cases() -> Vec<Case> {
    let mut cases = by_registers();
    cases.extend(by_memory());
    cases
}

#[test]
fn every_case_is_decided_as_it_should_be() {
    for (name, given, memory, may_block) in cases() {
        let verdict = verdict(name, &given, &world().with_memory(&memory));
        assert_eq!(verdict.may_block, may_block, "{name}{given:?} {memory:?}: {}", verdict.why);
        if may_block {
            assert_eq!(verdict.why, verdict.call.reason);
        } else {
            assert_ne!(verdict.why, verdict.call.reason);
        }
    }
}

#[test]
fn random_numbers_are_waited_for_only_before_they_are_ready() {
    for (world, may_block) in [(world(), true), (world().with_random_ready(), false)] {
        assert_eq!(verdict("getrandom", &[ADDRESS, 8, 0], &world).may_block, may_block);
    }
}

/// What an exception needs, so that two with the same sentence are told apart.
fn key(name: &str, condition: &Condition) -> String {
    format!("{name}: {condition:?}")
}

/// A rule that no case reaches would be one that nobody tried.
#[test]
fn every_rule_is_tried_with_both_outcomes() {
    let mut rules = BTreeSet::new();
    for (_, call) in x86_64::NUMBERS {
        if let Class::ByArguments(exceptions) = call.class {
            rules.insert(format!("{}: it may block", call.name));
            rules.extend(exceptions.iter().map(|exception| key(call.name, &exception.when)));
        }
    }
    assert!(rules.len() > 100, "{}", rules.len());
    // This one has a test of its own.
    rules.remove(&key("getrandom", &Condition::RandomReady));
    for (name, given, memory, may_block) in cases() {
        let world = world().with_memory(&memory);
        let mut arguments = [0; 6];
        arguments[..given.len()].copy_from_slice(&given);
        if may_block {
            rules.remove(&format!("{name}: it may block"));
        } else if let Class::ByArguments(exceptions) = call(name).class {
            let held = exceptions.iter().find(|exception| exception.when.holds(&arguments, &world));
            rules.remove(&key(name, &held.expect("a rule that holds").when));
        }
    }
    assert_eq!(rules, BTreeSet::new());
}

/// The kernel reads an `int` from the low half of a register, and what is above may be anything.
#[cfg(target_pointer_width = "64")]
#[test]
fn the_high_half_of_an_int_means_nothing() {
    let high = 0xdead_beef << 32;
    for (name, given, may_block) in [
        ("read", [NONBLOCK_PIPE | high, 0, 0], false),
        ("poll", [0, 0, high], false),
        ("poll", [0, 0, high | 1], true),
        ("flock", [FILE, high | 6, 0], false),
        ("fcntl", [FILE, high | 3, 0], false),
    ] {
        assert_eq!(verdict(name, &given, &world()).may_block, may_block, "{name}");
    }
}
