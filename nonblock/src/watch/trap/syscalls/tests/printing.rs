//! Calls as lines of text.

use std::string::String;

use super::made_up::call;
use crate::watch::trap::syscalls::classify::classify;

/// The line of a call with the arguments that it begins with.
fn line(name: &str, given: &[usize], result: Option<isize>) -> String {
    let mut arguments = [0; 6];
    arguments[..given.len()].copy_from_slice(given);
    let mut line = String::new();
    call(name).write(&mut line, 0, &arguments, result).expect("a string takes all");
    line
}

const MINUS_ONE: usize = usize::MAX;
const AT_FDCWD: usize = 0xffff_ff9c;

#[test]
fn calls_are_written_as_strace_writes_them() {
    let private = 128;
    for (name, given, result, expected) in [
        ("getpid", &[][..], Some(42), "getpid() = 42"),
        ("read", &[3, 0x7f00, 4096], Some(-11), "read(3, 0x7f00, 4096) = -1 EAGAIN"),
        ("read", &[MINUS_ONE, 0, 0], None, "read(-1, NULL, 0) = ?"),
        ("futex", &[0x7f00, private, 2], Some(0), "futex(0x7f00, FUTEX_WAIT_PRIVATE, 2, NULL) = 0"),
        ("futex", &[0x7f00, 1, 1], Some(1), "futex(0x7f00, FUTEX_WAKE, 1) = 1"),
        ("futex", &[0x7f00, private | 7], Some(0), "futex(0x7f00, FUTEX_UNLOCK_PI_PRIVATE) = 0"),
        (
            "futex",
            &[0x7f00, private | 256 | 9, 2, 0, 0, MINUS_ONE],
            Some(-110),
            "futex(0x7f00, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 2, NULL, NULL, -1) = -1 ETIMEDOUT",
        ),
        ("futex", &[0x7f00, 99], Some(-38), "futex(0x7f00, 0x63, 0, NULL, NULL, 0) = -1 ENOSYS"),
        ("openat", &[AT_FDCWD, 0x10, 0], Some(3), "openat(AT_FDCWD, 0x10, O_RDONLY) = 3"),
        ("openat", &[5, 0x10, 0o102, 0o644], Some(3), "openat(5, 0x10, O_RDWR|O_CREAT, 0644) = 3"),
        ("open", &[0x10, 0o1 | 0o4000, 7], Some(3), "open(0x10, O_WRONLY|O_NONBLOCK) = 3"),
        (
            "mmap",
            &[0, 4096, 3, 0x22, MINUS_ONE, 0],
            Some(0x7f12_3456_7000),
            "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x0) = 0x7f1234567000",
        ),
        ("mprotect", &[0x1000, 4096, 0], Some(0), "mprotect(0x1000, 4096, 0) = 0"),
        (
            "clock_nanosleep",
            &[1, 0, 0x10, 0],
            Some(-4),
            "clock_nanosleep(CLOCK_MONOTONIC, 0, 0x10, NULL) = -1 EINTR",
        ),
        ("tgkill", &[1, 2, 10], Some(0), "tgkill(1, 2, SIGUSR1) = 0"),
        ("tgkill", &[1, 2, 34], Some(0), "tgkill(1, 2, 34) = 0"),
        (
            "socket",
            &[1, 1 | 0o2_004_000, 0],
            Some(3),
            "socket(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = 3",
        ),
        (
            "recvfrom",
            &[3, 0x10, 1, 0x40],
            Some(0),
            "recvfrom(3, 0x10, 1, MSG_DONTWAIT, NULL, NULL) = 0",
        ),
        ("flock", &[3, 6], Some(0), "flock(3, LOCK_EX|LOCK_NB) = 0"),
        ("lseek", &[3, MINUS_ONE, 1], Some(9), "lseek(3, -1, SEEK_CUR) = 9"),
        ("wait4", &[MINUS_ONE, 0, 1, 0], Some(0), "wait4(-1, NULL, WNOHANG, NULL) = 0"),
        ("ioctl", &[1, 0x5413, 0x10], Some(0), "ioctl(1, TIOCGWINSZ, 0x10) = 0"),
        ("ioctl", &[1, 0xabc, 0x10], Some(-25), "ioctl(1, 0xabc, 0x10) = -1 ENOTTY"),
        (
            "splice",
            &[3, 0, 4, 0, 1, 0x102],
            Some(1),
            "splice(3, NULL, 4, NULL, 1, SPLICE_F_NONBLOCK|0x100) = 1",
        ),
        ("close", &[3], Some(-4000), "close(3) = -1 error 4000"),
        ("getppid", &[], Some(isize::MIN), "getppid() = 0x8000000000000000"),
    ] {
        assert_eq!(line(name, given, result), expected);
    }
}

#[test]
fn an_unknown_call_is_written_by_its_number() {
    let unknown = classify(500, &[1; 6], &super::made_up::MadeUp::default()).call;
    let mut line = String::new();
    unknown.write(&mut line, 500, &[1, 2, 3, 4, 5, 6], Some(-38)).expect("a string takes all");
    assert_eq!(line, "syscall_500(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS");
}
