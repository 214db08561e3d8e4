//! Waits whose report a test expects: they are refused, and nobody hangs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::sync::{Barrier, Mutex};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Sleepable, ViolationKind, sleepable, thread};
use nonblock_tests::process;

type Lock = Mutex<u32>;

/// Takes both, the first first.
fn both(first: &Lock, second: &Lock, cx: &mut Sleepable) {
    let first = first.lock(cx);
    *second.lock(cx) += *first;
}

/// Takes the first, waits until the other thread has its own first, and then takes the second.
fn both_at_once(first: &Lock, second: &Lock, together: &Barrier, cx: &mut Sleepable) {
    let first = first.lock(cx);
    together.wait(cx);
    *second.lock(cx) += *first;
}

#[test]
fn two_threads_that_really_hold_each_other_up_end() {
    // In a process of its own: it fails there if it hangs.
    process::own("two_threads_that_really_hold_each_other_up_end", &[], || {
        let (a, b, together) = (Mutex::new(1), Mutex::new(2), Barrier::new(2));
        let found = violations(|| {
            sleepable(|cx| {
                thread::scope(cx, |scope, _cx| {
                    scope.spawn(|cx| both_at_once(&a, &b, &together, cx));
                    scope.spawn(|cx| both_at_once(&b, &a, &together, cx));
                });
            });
        });
        assert!(!found.is_empty());
        assert!(found.iter().all(|found| found.kind() == ViolationKind::CircularWait), "{found:?}");
        sleepable(|cx| drop((a.lock(cx), b.try_lock().unwrap())));
    })
    .assert_success();
}

#[test]
fn what_comes_after_a_refused_wait_is_not_done() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    sleepable(|cx| both(&a, &b, cx));
    let was_done = AtomicBool::new(false);
    let violation = expect_violation(|| {
        sleepable(|cx| both(&b, &a, cx));
        was_done.store(true, Ordering::Relaxed);
    });
    assert_eq!(violation.kind(), ViolationKind::CircularWait);
    assert!(!was_done.into_inner());
    assert_eq!((a.into_inner(), b.into_inner()), (1, 3), "only the first call did anything");
}

#[test]
fn who_joins_a_thread_with_a_refused_wait_ends_too() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    sleepable(|cx| both(&a, &b, cx));
    let was_joined = AtomicBool::new(false);
    let violation = expect_violation(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                let thread = scope.spawn(|cx| both(&b, &a, cx));
                thread.join(cx).unwrap();
                was_joined.store(true, Ordering::Relaxed);
            });
        });
    });
    assert_eq!(violation.kind(), ViolationKind::CircularWait);
    assert!(!was_joined.into_inner());
}

#[test]
fn who_joins_it_after_the_test_is_told() {
    static A: Lock = Mutex::new(1);
    static B: Lock = Mutex::new(2);
    sleepable(|cx| {
        both(&A, &B, cx);
        let mut thread = None;
        let found = violations(|| {
            let started = thread.insert(thread::spawn(|cx| both(&B, &A, cx)));
            while !started.is_finished() {
                std::thread::yield_now();
            }
        });
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(thread.unwrap().join(cx).is_err());
    });
}

/// Only what follows from the refusal ends without a word.
#[test]
fn the_panic_of_another_thread_of_the_scope_is_seen() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    sleepable(|cx| both(&a, &b, cx));
    let seen = catch_unwind(AssertUnwindSafe(|| {
        violations(|| {
            sleepable(|cx| {
                thread::scope(cx, |scope, _cx| {
                    scope.spawn(|cx| both(&b, &a, cx));
                    scope.spawn(|_cx| panic!("a panic of the test's own"));
                });
            });
        })
    }));
    assert!(seen.is_err());
}

/// A panic out of a destructor that runs by unwinding would end the program.
#[test]
fn a_destructor_that_runs_by_unwinding_is_not_refused_its_wait() {
    struct Both<'a>(&'a Lock, &'a Lock);

    impl Drop for Both<'_> {
        fn drop(&mut self) {
            sleepable(|cx| both(self.0, self.1, cx));
        }
    }

    let (a, b) = (Mutex::new(1), Mutex::new(2));
    sleepable(|cx| both(&a, &b, cx));
    let found = violations(|| {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _both = Both(&b, &a);
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(unwound.is_err());
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(a.into_inner(), 4);
}
