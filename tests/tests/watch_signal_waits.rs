//! Threads that take their signals by `signalfd`, `sigwait` and `sigtimedwait`, with all signals blocked: watched sections give them
//! the same signals.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, ViolationKind, raw, set_policy, stats};
use nonblock_tests::process;

const TRAPS: [bool; 2] = [false, true];

fn watch(quick: bool) -> Watch {
    set_policy(Policy::Ignore);
    let layers = Layers::TRAP | Layers::SCHEDULE;
    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here")
}

fn own(test: &str, body: impl FnOnce()) {
    process::own(test, &[], body).assert_success();
}

/// How the mask is set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// By libc, which leaves two signals of its own open.
    Libc,
    /// By the system call itself: all that can be blocked are.
    Raw,
}

fn set_mask(how: How, mask: u64) {
    let done = match how {
        How::Libc => {
            // SAFETY: zeros are a set.
            let mut set: libc::sigset_t = unsafe { MaybeUninit::zeroed().assume_init() };
            for signal in (1..=64).filter(|signal| mask & 1 << (signal - 1) != 0) {
                // SAFETY: it is a set.
                unsafe { libc::sigaddset(&raw mut set, signal) };
            }
            // SAFETY: the set is whole.
            i64::from(unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut())
            })
        }
        // SAFETY: the set has eight bytes.
        How::Raw => unsafe {
            libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const mask, 0, 8)
        },
    };
    assert_eq!(done, 0);
}

fn set_of(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: zeros are a set.
    let mut set: libc::sigset_t = unsafe { MaybeUninit::zeroed().assume_init() };
    for signal in signals {
        // SAFETY: it is a set.
        unsafe { libc::sigaddset(&raw mut set, *signal) };
    }
    set
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn raise(signal: i32) {
    // SAFETY: it takes no pointer.
    assert_eq!(unsafe { libc::raise(signal) }, 0);
}

/// Takes a signal by `sigtimedwait`, and waits for it for so long at most.
fn timed_wait(signals: &[i32], milliseconds: i64) -> i64 {
    let set = set_of(signals);
    let time = libc::timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 };
    // SAFETY: zeros are what there is to tell of a signal.
    let mut info: libc::siginfo_t = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: the set and the time are whole.
    let taken = unsafe { libc::sigtimedwait(&raw const set, &raw mut info, &raw const time) };
    if taken < 0 { -i64::from(errno()) } else { i64::from(taken) * 1000 + i64::from(info.si_code) }
}

/// The same by the system call itself.
fn raw_wait(signals: u64) -> i64 {
    let time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set has eight bytes, and the time is whole.
    let taken = unsafe {
        libc::syscall(libc::SYS_rt_sigtimedwait, &raw const signals, 0, &raw const time, 8)
    };
    if taken < 0 { -i64::from(errno()) } else { taken }
}

fn wait(signals: &[i32]) -> i64 {
    let (set, mut taken) = (set_of(signals), 0);
    // SAFETY: the set is whole, and there is room for the number.
    let failed = unsafe { libc::sigwait(&raw const set, &raw mut taken) };
    if failed == 0 { taken.into() } else { -i64::from(failed) }
}

fn pending() -> u64 {
    let mut set = 0u64;
    // SAFETY: there is room for eight bytes.
    assert_eq!(unsafe { libc::syscall(libc::SYS_rt_sigpending, &raw mut set, 8) }, 0);
    set
}

fn signal_descriptor(signals: &[i32]) -> i32 {
    let set = set_of(signals);
    // SAFETY: the set is whole.
    let descriptor = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK) };
    assert!(descriptor >= 0);
    descriptor
}

fn read_signal(descriptor: i32) -> i64 {
    // SAFETY: zeros are what there is to tell of a signal.
    let mut info: libc::signalfd_siginfo = unsafe { MaybeUninit::zeroed().assume_init() };
    let size = size_of_val(&info);
    // SAFETY: there is room for so many bytes.
    let read = unsafe { libc::read(descriptor, (&raw mut info).cast(), size) };
    if read < 0 { -i64::from(errno()) } else { info.ssi_signo.into() }
}

/// Sends signals and takes them in a section, and returns what was taken.
fn script(before: (How, u64), within: (How, u64)) -> Vec<i64> {
    const TAKEN: [i32; 3] = [libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];
    let mut seen = Vec::with_capacity(64);
    set_mask(before.0, before.1);
    let descriptor = signal_descriptor(&TAKEN);
    // One that waits already when the section begins.
    raise(libc::SIGUSR2);
    raw::non_block(|_| {
        set_mask(within.0, within.1);
        seen.push(pending().cast_signed());
        seen.push(read_signal(descriptor));
        seen.push(read_signal(descriptor));
        raise(libc::SIGUSR1);
        raise(libc::SIGALRM);
        seen.push(pending().cast_signed());
        seen.push(wait(&TAKEN));
        seen.push(timed_wait(&TAKEN, 0));
        // Nobody sends another.
        seen.push(timed_wait(&TAKEN, 2));
        seen.push(raw_wait(u64::MAX));
        raise(libc::SIGUSR1);
        seen.push(raw_wait(1 << (libc::SIGUSR1 - 1)));
        let real_time = libc::SIGRTMIN() + 1;
        raise(real_time);
        raise(real_time);
        seen.push(timed_wait(&[real_time], 0));
        seen.push(pending().cast_signed());
    });
    // What is left is taken outside.
    seen.push(timed_wait(&[libc::SIGRTMIN() + 1], 0));
    seen.push(pending().cast_signed());
    // SAFETY: it is the test's own.
    unsafe { libc::close(descriptor) };
    set_mask(How::Raw, 0);
    seen
}

#[test]
fn signals_that_are_all_blocked_are_taken_in_a_section_as_they_would_be() {
    own("signals_that_are_all_blocked_are_taken_in_a_section_as_they_would_be", || {
        let scripts = |all: u64| {
            let mut seen = Vec::new();
            for before in [How::Libc, How::Raw] {
                for within in [How::Libc, How::Raw] {
                    seen.push(script((before, all), (within, all)));
                }
            }
            seen
        };
        for quick in TRAPS {
            // A quick trap leaves it to the program to keep SIGSYS open outside sections.
            let all = if quick { !(1 << (libc::SIGSYS - 1)) } else { u64::MAX };
            let unwatched = scripts(all);
            assert!(unwatched.iter().flatten().any(|seen| *seen == i64::from(libc::SIGUSR1)));
            let told = stats().count(ViolationKind::SyscallInNonBlock);
            let watch = watch(quick);
            let watched = scripts(all);
            assert_eq!(watched, unwatched, "quick: {quick}");
            // Two waits that may last, in each of four scripts. The others do not wait, and are told of by nobody.
            assert_eq!(stats().count(ViolationKind::SyscallInNonBlock), told + 8);
            drop(watch);
        }
    });
}

#[test]
fn a_signal_of_another_thread_ends_a_wait_in_a_section() {
    own("a_signal_of_another_thread_ends_a_wait_in_a_section", || {
        for quick in TRAPS {
            let all = if quick { !(1 << (libc::SIGSYS - 1)) } else { u64::MAX };
            let watch = watch(quick);
            for how in [How::Libc, How::Raw] {
                set_mask(how, all);
                // SAFETY: it takes nothing.
                let receiver = unsafe { libc::pthread_self() };
                for by_descriptor in [false, true] {
                    let descriptor = signal_descriptor(&[libc::SIGUSR1]);
                    let sender = std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(5));
                        // SAFETY: the receiver waits for this thread.
                        unsafe { libc::pthread_kill(receiver, libc::SIGUSR1) };
                    });
                    let start = Instant::now();
                    let taken = raw::non_block(|_| {
                        if !by_descriptor {
                            return wait(&[libc::SIGUSR1]);
                        }
                        let mut ready =
                            libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
                        // SAFETY: there is one entry.
                        assert_eq!(unsafe { libc::poll(&raw mut ready, 1, 10_000) }, 1);
                        read_signal(descriptor)
                    });
                    assert_eq!(taken, i64::from(libc::SIGUSR1));
                    assert!(start.elapsed() < Duration::from_secs(5));
                    sender.join().unwrap();
                    // SAFETY: it is the test's own.
                    unsafe { libc::close(descriptor) };
                }
                set_mask(How::Raw, 0);
            }
            drop(watch);
        }
    });
}

/// The signal that the trap itself is told by. The program may use it for its own ends, as long as it blocks it.
#[test]
fn a_blocked_sigsys_of_the_programs_own_is_taken_by_a_wait_in_a_section() {
    own("a_blocked_sigsys_of_the_programs_own_is_taken_by_a_wait_in_a_section", || {
        let script = || {
            set_mask(How::Raw, u64::MAX);
            let descriptor = signal_descriptor(&[libc::SIGSYS]);
            let seen = raw::non_block(|_| {
                raise(libc::SIGSYS);
                let by_descriptor = read_signal(descriptor);
                raise(libc::SIGSYS);
                (by_descriptor, wait(&[libc::SIGSYS]), timed_wait(&[libc::SIGSYS], 0))
            });
            set_mask(How::Raw, 0);
            seen
        };
        let unwatched = script();
        assert_eq!(unwatched.1, i64::from(libc::SIGSYS));
        let _watch = watch(false);
        assert_eq!(script(), unwatched);
    });
}
