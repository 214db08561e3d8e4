//! Threads and watched sections: many, short ones, ones that std did not make, and a watch that others switch meanwhile.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::hint::black_box;
use std::ptr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::testing::violations;
use nonblock::watch::{Layers, Watch, statistics};
use nonblock::{Policy, ViolationKind, raw, set_policy, stats};
use nonblock_tests::process;

fn watch(layers: Layers, quick: bool) -> Watch {
    set_policy(Policy::Ignore);
    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here")
}

fn own(test: &str, body: impl FnOnce()) {
    process::own(test, &[], body).assert_success();
}

fn sleep_in_section() {
    raw::non_block(|_| std::thread::sleep(Duration::from_micros(1)));
}

/// How many mappings this process has, and how much memory is in use, in pages.
fn memory() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident = statm.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap();
    (maps, resident)
}

#[test]
fn ten_thousand_short_threads_use_the_same_memory_again() {
    own("ten_thousand_short_threads_use_the_same_memory_again", || {
        let _watch = watch(Layers::TRAP | Layers::SCHEDULE, false);
        let some = |count: usize| {
            for _ in 0..count / 4 {
                std::thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(sleep_in_section);
                    }
                });
            }
        };
        some(400);
        let before = memory();
        some(10_000);
        let after = memory();
        assert!(after.0 <= before.0 + 20, "{before:?} {after:?}");
        assert!(after.1 <= before.1 + 1000, "{before:?} {after:?}");
        assert_eq!(statistics().unwatched_sections(), 0);
        assert_eq!(stats().count(ViolationKind::SyscallInNonBlock), 10_400);
    });
}

#[test]
fn records_of_ended_threads_go_to_threads_with_other_addresses() {
    own("records_of_ended_threads_go_to_threads_with_other_addresses", || {
        let _watch = watch(Layers::SCHEDULE, false);
        // Each has a stack of its own size, so few have the address of another.
        for round in 0..3 {
            let barrier = Barrier::new(500);
            std::thread::scope(|scope| {
                for at in 0..500 {
                    let size = 65_536 + 4096 * ((round * 500 + at) % 97);
                    let body = || {
                        barrier.wait();
                        raw::non_block(|_| black_box(()));
                        barrier.wait();
                    };
                    std::thread::Builder::new().stack_size(size).spawn_scoped(scope, body).unwrap();
                }
            });
        }
        assert_eq!(statistics().unwatched_sections(), 0);
    });
}

#[test]
fn threads_for_which_there_is_no_record_run_unwatched() {
    own("threads_for_which_there_is_no_record_run_unwatched", || {
        let _watch = watch(Layers::TRAP | Layers::SCHEDULE, false);
        let all = Barrier::new(1100);
        std::thread::scope(|scope| {
            for _ in 0..1100 {
                let body = || {
                    raw::non_block(|_| black_box(()));
                    all.wait();
                    raw::non_block(|_| black_box(()));
                };
                std::thread::Builder::new().stack_size(65_536).spawn_scoped(scope, body).unwrap();
            }
        });
        // Those that end meanwhile leave their records.
        let unwatched = statistics().unwatched_sections();
        assert!((1..=160).contains(&unwatched), "{unwatched}");
    });
}

#[test]
fn threads_that_std_did_not_make_and_that_end_within_a_section_do_well() {
    extern "C-unwind" fn body(argument: *mut libc::c_void) -> *mut libc::c_void {
        sleep_in_section();
        if argument.is_null() {
            raw::non_block_start();
            // SAFETY: there is nothing to drop.
            unsafe { pthread_exit(ptr::null_mut()) };
        }
        argument
    }

    unsafe extern "C-unwind" {
        fn pthread_exit(value: *mut libc::c_void) -> !;
    }

    own("threads_that_std_did_not_make_and_that_end_within_a_section_do_well", || {
        for quick in [false, true] {
            let _watch = watch(Layers::TRAP | Layers::SCHEDULE, quick);
            for at in 0..200usize {
                let argument = ptr::without_provenance_mut::<libc::c_void>(at % 2);
                // SAFETY: the functions differ in that one may unwind, which ends a thread.
                let body = unsafe {
                    std::mem::transmute::<
                        extern "C-unwind" fn(*mut libc::c_void) -> *mut libc::c_void,
                        extern "C" fn(*mut libc::c_void) -> *mut libc::c_void,
                    >(body)
                };
                let mut thread = 0;
                // SAFETY: there is room for a thread, and the function makes no use of the argument as a pointer.
                let made =
                    unsafe { libc::pthread_create(&raw mut thread, ptr::null(), body, argument) };
                assert_eq!(made, 0);
                // SAFETY: it was made, and nobody else joins it.
                assert_eq!(unsafe { libc::pthread_join(thread, ptr::null_mut()) }, 0);
            }
        }
        // Where a thread ended in a section, the next with its memory begins without one.
        std::thread::spawn(|| assert_eq!(raw::depth(), 0)).join().unwrap();
    });
}

#[test]
fn a_hundred_threads_have_each_of_their_calls_told() {
    own("a_hundred_threads_have_each_of_their_calls_told", || {
        for quick in [false, true] {
            let before = stats().count(ViolationKind::SyscallInNonBlock);
            let watch = watch(Layers::TRAP, quick);
            std::thread::scope(|scope| {
                for _ in 0..100 {
                    scope.spawn(|| {
                        for _ in 0..20 {
                            sleep_in_section();
                        }
                    });
                }
            });
            drop(watch);
            assert_eq!(stats().count(ViolationKind::SyscallInNonBlock) - before, 2000);
        }
    });
}

#[test]
fn the_watch_is_switched_while_others_run_sections() {
    own("the_watch_is_switched_while_others_run_sections", || {
        let stop = AtomicBool::new(false);
        let sections = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        raw::non_block(|_| {
                            // SAFETY: it takes nothing.
                            unsafe { libc::syscall(libc::SYS_getppid) };
                            if sections.fetch_add(1, Ordering::Relaxed).is_multiple_of(64) {
                                std::thread::sleep(Duration::from_micros(1));
                            }
                            let within = raw::non_block(|_| raw::depth());
                            assert_eq!(within, 2);
                        });
                        assert_eq!(raw::depth(), 0);
                    }
                });
            }
            let watch = watch(Layers::SCHEDULE, false);
            let all = [
                Layers::TRAP,
                Layers::NONE,
                Layers::SCHEDULE,
                Layers::TRAP | Layers::SCHEDULE,
                Layers::BUDGET,
            ];
            let until = Instant::now() + Duration::from_secs(20);
            let mut switched = 0;
            while switched < 100_000 && Instant::now() < until {
                watch.set_layers(all[switched % all.len()]).unwrap();
                if switched % 7 == 0 {
                    let quick = switched % 2 == 0;
                    drop(
                        Watch::builder()
                            .layers(Layers::TRAP)
                            .quick_trap(quick)
                            .sample(1 + switched % 3)
                            .start(),
                    );
                }
                switched += 1;
            }
            drop(watch);
            stop.store(true, Ordering::Relaxed);
            assert!(switched > 1000, "{switched}");
        });
        assert_eq!(stats().count(ViolationKind::UnbalancedEnd), 0);
        assert!(sections.load(Ordering::Relaxed) > 1000);
    });
}

#[test]
fn an_event_is_told_where_the_watch_ends_within_the_section() {
    own("an_event_is_told_where_the_watch_ends_within_the_section", || {
        for (layers, kind) in [
            (Layers::SCHEDULE, ViolationKind::ScheduledInNonBlock),
            (Layers::TRAP, ViolationKind::SyscallInNonBlock),
        ] {
            let watch = watch(layers, true);
            raw::non_block(|_| {
                std::thread::sleep(Duration::from_millis(1));
                drop(watch);
            });
            assert!(stats().count(kind) >= 1, "{layers}");
        }
    });
}

#[test]
fn a_permitted_sleep_is_not_told_and_what_is_around_it_is() {
    let layers = Layers::TRAP | Layers::SCHEDULE;
    for sample in [1, 2] {
        let watch =
            Watch::builder().layers(layers).this_thread_only().sample(sample).start().unwrap();
        let seen = violations(|| {
            for _ in 0..sample {
                raw::non_block(|_| {
                    std::thread::sleep(Duration::from_micros(1));
                    raw::permit_sleep("the test says so", |_| {
                        std::thread::sleep(Duration::from_micros(1));
                        std::thread::yield_now();
                    });
                    std::thread::sleep(Duration::from_micros(1));
                });
            }
        });
        drop(watch);
        assert_eq!(seen.len(), 2, "{sample} {seen:?}");
    }
}

#[test]
fn a_panic_in_a_section_and_one_of_the_policy_leave_no_section_open() {
    own("a_panic_in_a_section_and_one_of_the_policy_leave_no_section_open", || {
        let watch = watch(Layers::TRAP, false);
        for policy in [Policy::Ignore, Policy::Warn, Policy::Panic] {
            set_policy(policy);
            let result = std::panic::catch_unwind(|| raw::non_block(|_| panic!("in a section")));
            assert!(result.is_err());
            let result = std::panic::catch_unwind(sleep_in_section);
            assert_eq!(result.is_err(), policy == Policy::Panic);
            assert_eq!(raw::depth(), 0);
        }
        drop(watch);
    });
}

/// Returns whether the kernel may stop calls of this thread. A child asks, since no thread can trace itself. `None` before Linux 6.4, which
/// does not tell.
fn calls_may_be_stopped() -> Option<bool> {
    /// Not in libc yet.
    const PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG: libc::c_uint = 0x4211;

    let thread = nix::unistd::gettid().as_raw();
    // SAFETY: it takes numbers. Where Yama restricts nothing, it fails, and nothing is lost.
    unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY) };
    let ask = || {
        let mut config = [0_u64; 4];
        // SAFETY: it attaches to the parent's thread, which goes on when this process ends.
        let attached = unsafe { libc::ptrace(libc::PTRACE_SEIZE, thread, 0, 0) };
        // SAFETY: the thread is this process's to stop.
        let stopped = unsafe { libc::ptrace(libc::PTRACE_INTERRUPT, thread, 0, 0) };
        assert_eq!((attached, stopped), (0, 0), "{}", nix::errno::Errno::last());
        // SAFETY: it may leave out the status.
        unsafe { libc::waitpid(thread, ptr::null_mut(), libc::__WALL) };
        let (size, to) = (size_of_val(&config), config.as_mut_ptr());
        // SAFETY: the kernel writes four words.
        let told =
            unsafe { libc::ptrace(PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, thread, size, to) };
        if told == 0 { i32::from(config[0] != 0) } else { 2 }
    };
    // SAFETY: the child makes system calls, and ends.
    match unsafe { nix::unistd::fork() }.expect("a child") {
        nix::unistd::ForkResult::Child => {
            let code = std::panic::catch_unwind(ask).unwrap_or(3);
            // SAFETY: nothing of the parent's is run.
            unsafe { libc::_exit(code) }
        }
        nix::unistd::ForkResult::Parent { child } => {
            match nix::sys::wait::waitpid(child, None).expect("it ends") {
                nix::sys::wait::WaitStatus::Exited(_, code @ (0 | 1)) => Some(code == 1),
                nix::sys::wait::WaitStatus::Exited(_, 2) => None,
                status => panic!("{status:?}"),
            }
        }
    }
}

#[test]
fn between_the_sections_of_a_sample_the_kernel_stops_no_call() {
    own("between_the_sections_of_a_sample_the_kernel_stops_no_call", || {
        set_policy(Policy::Ignore);
        for (sample, between) in [(1, true), (2, false), (3, false), (1, true)] {
            let builder = Watch::builder().layers(Layers::TRAP).this_thread_only();
            let watch = builder.sample(sample).start().unwrap();
            for _ in 0..6 {
                sleep_in_section();
            }
            let Some(may_be_stopped) = calls_may_be_stopped() else { return };
            assert_eq!(may_be_stopped, between, "{sample}");
            drop(watch);
        }
        // Of six sections each, all, three and two.
        assert_eq!(stats().count(ViolationKind::SyscallInNonBlock), 6 + 3 + 2 + 6);
    });
}
