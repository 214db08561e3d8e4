//! What must hold of every line of the table.

use std::collections::BTreeMap;
use std::string::String;

use super::made_up::{MadeUp, call};
use crate::watch::trap::syscalls::classify::classify;
use crate::watch::trap::syscalls::numbers::{Numbered, aarch64, x86_64};
use crate::watch::trap::syscalls::system_call::{Argument, Class, SystemCall};

/// The first number that all architectures have in common.
const FIRST_COMMON: u32 = 424;

fn calls() -> impl Iterator<Item = &'static SystemCall> {
    x86_64::NUMBERS.iter().chain(aarch64::NUMBERS).map(|(_, call)| *call)
}

fn by_name(numbers: &'static [Numbered]) -> BTreeMap<&'static str, u32> {
    numbers.iter().map(|(number, call)| (call.name, *number)).collect()
}

#[test]
fn the_numbers_are_in_order_and_each_call_has_one() {
    for numbers in [x86_64::NUMBERS, aarch64::NUMBERS] {
        assert!(numbers.is_sorted_by(|(before, _), (after, _)| before < after));
        assert_eq!(by_name(numbers).len(), numbers.len());
    }
    assert!(x86_64::NUMBERS.len() > 380 && aarch64::NUMBERS.len() > 320);
}

#[test]
fn the_architectures_agree_on_the_newer_numbers() {
    let newer = |numbers: &'static [Numbered]| {
        let mut newer = by_name(numbers);
        newer.retain(|_, number| *number >= FIRST_COMMON);
        newer
    };
    assert_eq!(newer(x86_64::NUMBERS), newer(aarch64::NUMBERS));
}

#[test]
fn every_call_has_a_reason_that_is_a_sentence() {
    let is_sentence =
        |text: &str| text.starts_with(char::is_uppercase) && text.ends_with('.') && text.len() > 12;
    for call in calls() {
        assert!(is_sentence(call.reason), "{}: {:?}", call.name, call.reason);
        if let Class::ByArguments(exceptions) = call.class {
            assert!(!exceptions.is_empty(), "{}", call.name);
            for exception in exceptions {
                assert!(is_sentence(exception.why), "{}: {:?}", call.name, exception.why);
            }
        }
    }
}

#[test]
fn no_call_has_more_than_six_arguments() {
    for call in calls() {
        assert!(call.arguments.len() <= 6, "{}", call.name);
    }
}

/// The mode of a new file comes right behind the flags that say whether there is one.
#[test]
fn the_mode_of_a_new_file_is_behind_its_flags() {
    for call in calls() {
        let mode = call.arguments.iter().position(|it| matches!(it, Argument::ModeOfNew));
        if let Some(mode) = mode {
            let before = mode.checked_sub(1).and_then(|index| call.arguments.get(index));
            assert!(matches!(before, Some(Argument::OneOfWithFlags { .. })), "{}", call.name);
        }
    }
}

#[test]
fn the_argument_that_is_a_path_is_known() {
    for (name, argument) in [
        ("open", Some(0)),
        ("openat", Some(1)),
        ("execve", Some(0)),
        ("renameat2", Some(1)),
        ("fanotify_mark", Some(4)),
        ("mount", Some(1)),
        ("read", None),
        ("mmap", None),
    ] {
        assert_eq!(call(name).path_argument(), argument, "{name}");
    }
}

#[test]
fn an_unknown_number_may_block() {
    // The last is read for x32.
    for number in [500, usize::MAX, 0x4000_0000] {
        let verdict = classify(number, &[0; 6], &MadeUp::default());
        assert!(verdict.may_block, "{number}");
        assert!(verdict.why.contains("not in the table"), "{number}: {}", verdict.why);
    }
}

/// The kernel looks at the low half of the register only.
#[cfg(target_pointer_width = "64")]
#[test]
fn the_high_half_of_the_number_means_nothing() {
    let number = usize::try_from(libc::SYS_getpid).expect("a number");
    for number in [number, number | 1 << 32, number | 1 << 63] {
        let verdict = classify(number, &[0; 6], &MadeUp::default());
        assert_eq!((verdict.call.name, verdict.may_block), ("getpid", false));
    }
}

/// Calls that are asked about most, so that no line is moved to another class unseen.
#[test]
fn the_classes_of_well_known_calls() {
    let class_of = |name: &str| match call(name).class {
        Class::NeverBlocks => 'n',
        Class::MayBlock => 'm',
        Class::ByArguments(_) => 'a',
    };
    let classes = |names: &str| names.split(' ').map(class_of).collect::<String>();
    let never = "getpid gettid getppid getuid umask uname sysinfo getrusage times time gettimeofday sched_yield \
        rseq_slice_yield getcpu sched_getaffinity tgkill tkill kill rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack \
        set_robust_list set_tid_address rseq futex_wake futex_requeue timerfd_settime timer_settime setitimer alarm";
    assert_eq!(classes(never).trim_matches('n'), "");
    let may = "mmap munmap mprotect mremap brk madvise mlock msync open openat stat fstat newfstatat statx unlink rename \
        fsync fdatasync sync ftruncate close dup dup2 pipe2 socket eventfd2 memfd_create clone clone3 fork vfork execve exit \
        exit_group nanosleep clock_nanosleep pause futex_wait futex_waitv sched_setaffinity setuid io_submit sendfile lseek";
    assert_eq!(classes(may).trim_matches('m'), "");
    let by_arguments = "read write readv writev preadv2 futex poll ppoll select pselect6 epoll_wait epoll_pwait2 fcntl \
        flock ioctl recvfrom recvmsg sendto sendmsg accept4 connect wait4 waitid semop semtimedop msgrcv msgsnd \
        mq_timedreceive splice tee membarrier prctl arch_prctl getrandom io_uring_enter fadvise64 sync_file_range";
    assert_eq!(classes(by_arguments).trim_matches('a'), "");
}
