//! What is remembered of waits, in large programs: it fits, a section pays for it with no allocation and no system call, and where
//! it does not fit nothing false is said.
//!
//! The tables are for the whole process, so each test has one of its own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use nonblock::lockdep::{Acquired, Class};
use nonblock::sync::{Mutex, SpinLock};
use nonblock::{non_block, sleepable};
use nonblock_tests::allocations::{Counting, allocations};
use nonblock_tests::process;
use nonblock_tests::waits::{circle, on_a_thread, silent, waits_for_itself};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many classes and dependencies a large program has.
const CLASSES: usize = 10_000;
const DEPENDENCIES: usize = 100_000;

/// How many classes and dependencies there can be, as the page of the module says.
const MAX_CLASSES: usize = 16_384;
const MAX_DEPENDENCIES: usize = 131_072;

fn class(what: &str, number: usize) -> Class {
    Class::new(String::leak(format!("{what} {number}")))
}

fn classes(what: &str, number: usize) -> Vec<Class> {
    (0..number).map(|number| class(what, number)).collect()
}

/// Has each of the first half depend on so many of the second half.
fn fill(classes: &[Class], dependencies: usize) {
    let (from, on) = classes.split_at(classes.len() / 2);
    let each = dependencies.div_ceil(from.len());
    for (number, held) in from.iter().enumerate() {
        let _held = held.acquire();
        for step in 0..each {
            drop(on[(number + step * 37) % on.len()].acquire());
        }
    }
}

#[test]
fn a_large_program_fits() {
    process::own("a_large_program_fits", &[], || {
        let classes = classes("large", CLASSES);
        silent(|_| fill(&classes, DEPENDENCIES));
        // Each is there: the opposite order is reported.
        let (from, on) = classes.split_at(CLASSES / 2);
        for number in (0..from.len()).step_by(499) {
            for step in [0, 7, 19] {
                circle(|_| {
                    let _held = on[(number + step * 37) % on.len()].acquire();
                    drop(from[number].acquire());
                });
            }
        }
    })
    .assert_success();
}

#[test]
fn a_new_dependency_in_a_section_of_a_large_program_allocates_nothing() {
    process::own("a_new_dependency_in_a_section_of_a_large_program_allocates_nothing", &[], || {
        silent(|_| fill(&classes("large", CLASSES), DEPENDENCIES));
        let locks: Vec<_> = (0..40).map(spin_lock).collect();
        sleepable(|cx| cx.non_block(|_| {}));
        let before = allocations();
        take_all_pairs(&locks);
        assert_eq!(allocations() - before, 0);
        assert_all_known(&locks);
    })
    .assert_success();
}

#[test]
#[cfg(target_os = "linux")]
fn a_new_dependency_in_a_section_of_a_large_program_makes_no_system_call() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use nix::libc;

    process::own(
        "a_new_dependency_in_a_section_of_a_large_program_makes_no_system_call",
        &[],
        || {
            silent(|_| fill(&classes("large", CLASSES), DEPENDENCIES));
            let locks: Arc<Vec<_>> = Arc::new((0..40).map(spin_lock).collect());
            let done = Arc::new(AtomicBool::new(false));
            let (taken, set) = (Arc::clone(&locks), Arc::clone(&done));
            drop(std::thread::spawn(move || {
                // The thread has been seen, so that only what comes with a dependency is left.
                non_block(|nb| drop(spin_lock(99).lock(nb)));
                // SAFETY: it takes numbers only.
                let strict =
                    unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
                assert_eq!(strict, 0);
                // From here on, all calls but to read, to write and to end the thread end the process.
                take_all_pairs(&taken);
                set.store(true, Ordering::Release);
                // SAFETY: the thread ends here: nobody joins it, and it has nothing to drop.
                unsafe { libc::syscall(libc::SYS_exit, 0) };
            }));
            let start = Instant::now();
            while !done.load(Ordering::Acquire) {
                assert!(start.elapsed() < Duration::from_secs(20), "the thread does not end");
                std::thread::yield_now();
            }
            assert_all_known(&locks);
        },
    )
    .assert_success();
}

fn spin_lock(number: usize) -> SpinLock<()> {
    SpinLock::new(()).in_class(String::leak(format!("spin lock {number}")))
}

/// Takes each with each later one, in a section.
fn take_all_pairs(locks: &[SpinLock<()>]) {
    non_block(|nb| {
        for (number, held) in locks.iter().enumerate() {
            let _held = held.lock(nb);
            for later in &locks[number + 1..] {
                drop(later.lock(nb));
            }
        }
    });
}

fn assert_all_known(locks: &[SpinLock<()>]) {
    for (number, later) in locks.iter().enumerate().skip(1).step_by(7) {
        circle(|cx| {
            cx.non_block(|nb| {
                let _held = later.lock(nb);
                drop(locks[number - 1].lock(nb));
            });
        });
    }
}

#[test]
fn classes_for_which_there_is_no_room_are_silent() {
    process::own("classes_for_which_there_is_no_room_are_silent", &[], || {
        let known = classes("known", 4);
        silent(|_| {
            let _held = known[0].acquire();
            drop(known[1].acquire());
        });
        silent(|_| classes("many", MAX_CLASSES).iter().for_each(|class| drop(class.acquire())));

        let unknown = classes("unknown", 3);
        silent(|_| {
            for (held, wanted) in [(0, 1), (1, 2), (2, 0)] {
                let _held = unknown[held].acquire();
                let _unknown = unknown[wanted].acquire();
                drop(known[2].acquire());
            }
            unknown[0].wait();
            unknown[1].complete();
        });
        // What is known is reported as before, with something unknown in between, too.
        circle(|_| {
            let _known = known[1].acquire();
            let _unknown = unknown[0].acquire();
            drop(known[0].acquire());
        });
        // An object is known by itself.
        waits_for_itself(|_| {
            let _held = unknown[0].acquire();
            let _again = unknown[0].acquire();
        });
    })
    .assert_success();
}

#[test]
fn dependencies_for_which_there_is_no_room_are_silent() {
    process::own("dependencies_for_which_there_is_no_room_are_silent", &[], || {
        let known = classes("known", 2);
        silent(|_| {
            let held = known[0].acquire();
            drop(known[1].acquire());
            drop(held);
            fill(&classes("many", 2000), MAX_DEPENDENCIES);
        });
        let late = classes("late", 2);
        silent(|_| {
            for (held, wanted) in [(0, 1), (1, 0)] {
                let _held = late[held].acquire();
                drop(late[wanted].acquire());
            }
            let _held = known[0].acquire();
            drop(known[1].acquire());
        });
        waits_for_itself(|_| {
            let _held = late[0].acquire();
            let _again = late[0].acquire();
        });
    })
    .assert_success();
}

#[test]
fn more_things_held_at_once_than_there_is_room_for() {
    // In some orders, what there was room for is given back before what there was none for.
    let orders: [fn(usize) -> usize; 4] =
        [|at| at, |at| 59 - at, |at| (at * 7) % 60, |at| (at + 30) % 60];
    for order in orders {
        let locks: Vec<_> = (0..60).map(Mutex::new).collect();
        silent(|cx| {
            let mut held: Vec<_> = locks.iter().map(|lock| Some(lock.lock(cx))).collect();
            for at in 0..60 {
                held[order(at)] = None;
            }
            // Nothing is held now.
            for lock in locks.iter().rev() {
                drop(lock.lock(cx));
            }
        });
        circle(|cx| {
            let _held = locks[1].lock(cx);
            drop(locks[0].lock(cx));
        });
    }
}

#[test]
fn what_fills_up_while_some_of_it_is_given_back_is_not_held_any_more() {
    let locks: Vec<_> = (0..200).map(Mutex::new).collect();
    silent(|cx| {
        let mut held = VecDeque::new();
        // As a long walk, hand over hand, with more hands than there is room for.
        for lock in &locks {
            held.push_back(lock.lock(cx));
            if held.len() > 55 {
                held.pop_front();
            }
        }
        // What came first goes first, so that those for which there was no room are left.
        while let Some(first) = held.pop_front() {
            drop(first);
        }
        for lock in &locks {
            drop(lock.lock(cx));
        }
    });
}

#[test]
fn a_thread_that_often_holds_too_much_is_looked_at_all_the_same() {
    let locks: Vec<_> = (0..60).map(Mutex::new).collect();
    let (one, other) = (Mutex::new(1), Mutex::new(2));
    on_a_thread(|| {
        silent(|cx| {
            for _ in 0..20 {
                let mut held: VecDeque<_> = locks.iter().map(|lock| lock.lock(cx)).collect();
                while let Some(first) = held.pop_front() {
                    drop(first);
                }
            }
            let _held = one.lock(cx);
            drop(other.lock(cx));
        });
        circle(|cx| {
            let _held = other.lock(cx);
            drop(one.lock(cx));
        });
    });
}

/// Printed, and not asserted: `--nocapture` shows it.
#[test]
fn the_time_of_a_wait_among_few_and_many() {
    let outcome = process::own("the_time_of_a_wait_among_few_and_many", &[], || {
        let (outer, inner) = (class("outer", 0), class("inner", 0));
        let time = |all: usize| {
            const TIMES: u32 = 100_000;
            let wait = || -> Acquired {
                let _outer = outer.acquire();
                inner.acquire()
            };
            drop(wait());
            let start = Instant::now();
            for _ in 0..TIMES {
                drop(wait());
            }
            println!("among {all} classes: {:?} for two locks", start.elapsed() / TIMES);
        };
        on_a_thread(|| {
            time(1);
            let classes = classes("large", CLASSES);
            fill(&classes[..1000], 1000);
            time(1000);
            fill(&classes, DEPENDENCIES);
            time(CLASSES);
        });
    });
    outcome.assert_success();
    println!("{}", outcome.stdout);
}
