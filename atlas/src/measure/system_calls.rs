//! Which system calls a thread makes, by the kernel's own word: a filter of the thread tells another thread of each call, before it is made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::thread;

use super::memory::IN_ALLOCATOR;

/// As many as there are numbers on this architecture, and some.
const NUMBERS: usize = 512;

/// How often each was called by the thread while it was counted.
static CALLED: [AtomicU32; NUMBERS] = [const { AtomicU32::new(0) }; NUMBERS];

/// The same of calls that the allocator made.
static CALLED_BY_ALLOCATOR: AtomicU32 = AtomicU32::new(0);

/// Whether the calls count now.
static COUNTS: AtomicBool = AtomicBool::new(false);

/// Where the kernel tells of calls.
static LISTENER: AtomicI32 = AtomicI32::new(-1);

/// Begins or stops to count, and returns whether it was counted.
pub(super) fn set_counted(counted: bool) -> bool {
    COUNTS.swap(counted, Ordering::SeqCst)
}

/// The calls since the last time this was called, by their names, and how many the allocator made.
pub(super) fn take() -> (BTreeMap<&'static str, u64>, u64) {
    let mut calls = BTreeMap::new();
    for (number, called) in CALLED.iter().enumerate() {
        let times = called.swap(0, Ordering::SeqCst);
        if times > 0 {
            *calls.entry(name(number)).or_default() += u64::from(times);
        }
    }
    (calls, CALLED_BY_ALLOCATOR.swap(0, Ordering::SeqCst).into())
}

/// Has every system call of this thread told from now on. Threads that it makes are told of too, and do not count.
pub(super) fn listen_to_this_thread() {
    // SAFETY: this takes nothing.
    let this_thread = unsafe { libc::gettid() };
    thread::spawn(move || listen(u32::try_from(this_thread).expect("it is positive")));
    let notify = libc::BPF_RET | libc::BPF_K;
    let mut filter = [libc::sock_filter {
        code: u16::try_from(notify).expect("it is small"),
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_USER_NOTIF,
    }];
    let program = libc::sock_fprog { len: 1, filter: filter.as_mut_ptr() };
    // SAFETY: this takes numbers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is well-formed, and read before this returns.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    assert!(bound == 0 && listener >= 0, "the kernel does not tell of system calls");
    // From here on each call of this thread waits for `listen`.
    LISTENER.store(i32::try_from(listener).expect("it is a descriptor"), Ordering::SeqCst);
}

/// Counts the calls and lets each be made, until the program ends.
fn listen(of: u32) {
    while LISTENER.load(Ordering::SeqCst) < 0 {
        thread::yield_now();
    }
    let listener = LISTENER.load(Ordering::SeqCst);
    loop {
        // SAFETY: it is made of numbers, and the kernel wants them zero.
        let mut told: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes what is told into it.
        if unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut told) } != 0 {
            // The thread has ended, or a signal came.
            thread::yield_now();
            continue;
        }
        if told.pid == of && COUNTS.load(Ordering::SeqCst) {
            let number = usize::try_from(told.data.nr).unwrap_or(NUMBERS - 1).min(NUMBERS - 1);
            let counter = if IN_ALLOCATOR.load(Ordering::SeqCst) {
                &CALLED_BY_ALLOCATOR
            } else {
                &CALLED[number]
            };
            counter.fetch_add(1, Ordering::SeqCst);
        }
        let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).expect("it is one bit");
        let mut go_on = libc::seccomp_notif_resp { id: told.id, val: 0, error: 0, flags };
        // SAFETY: the kernel reads the answer.
        unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut go_on) };
    }
}

macro_rules! names {
    ($number:expr, $($constant:ident $name:literal),* $(,)?) => {
        match i64::try_from($number).unwrap_or(-1) {
            $(libc::$constant => $name,)*
            _ => "another call",
        }
    };
}

/// The name of a system call.
fn name(number: usize) -> &'static str {
    names!(number,
        SYS_read "read", SYS_write "write", SYS_writev "writev", SYS_readv "readv", SYS_open "open", SYS_openat "openat",
        SYS_close "close", SYS_stat "stat", SYS_fstat "fstat", SYS_newfstatat "newfstatat", SYS_statx "statx",
        SYS_lseek "lseek", SYS_pread64 "pread64", SYS_pwrite64 "pwrite64", SYS_readlink "readlink",
        SYS_mmap "mmap", SYS_munmap "munmap", SYS_mprotect "mprotect", SYS_mremap "mremap", SYS_madvise "madvise",
        SYS_brk "brk", SYS_msync "msync", SYS_mlock "mlock", SYS_membarrier "membarrier", SYS_prctl "prctl",
        SYS_futex "futex", SYS_sched_yield "sched_yield", SYS_nanosleep "nanosleep",
        SYS_clock_nanosleep "clock_nanosleep", SYS_clock_gettime "clock_gettime", SYS_clock_getres "clock_getres",
        SYS_gettimeofday "gettimeofday", SYS_getrandom "getrandom", SYS_getpid "getpid", SYS_gettid "gettid",
        SYS_getcpu "getcpu", SYS_sched_getaffinity "sched_getaffinity", SYS_getrusage "getrusage",
        SYS_poll "poll", SYS_ppoll "ppoll", SYS_epoll_wait "epoll_wait", SYS_eventfd2 "eventfd2",
        SYS_sendto "sendto", SYS_recvfrom "recvfrom", SYS_socket "socket", SYS_connect "connect",
        SYS_clone "clone", SYS_clone3 "clone3", SYS_rt_sigprocmask "rt_sigprocmask",
        SYS_rt_sigaction "rt_sigaction", SYS_rt_sigreturn "rt_sigreturn", SYS_sigaltstack "sigaltstack",
        SYS_set_robust_list "set_robust_list", SYS_rseq "rseq", SYS_exit "exit", SYS_access "access",
        SYS_getdents64 "getdents64", SYS_ioctl "ioctl", SYS_fsync "fsync", SYS_fdatasync "fdatasync",
        SYS_ftruncate "ftruncate", SYS_getuid "getuid", SYS_geteuid "geteuid", SYS_uname "uname",
        SYS_sysinfo "sysinfo", SYS_fcntl "fcntl", SYS_getppid "getppid", SYS_futex_waitv "futex_waitv",
    )
}
