//! `#[nonblock::test(watch = "trap")]`: a test that the watch looks at.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]
// A test within a function is run by nobody but the function. So those that are to fail stand there.
#![allow(
    unnameable_test_items,
    reason = "the tests that are to fail are called, and not run by the harness"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nonblock::testing::expect_violation;
use nonblock::{NonBlock, Sleepable, ViolationKind, non_block};
use nonblock_tests::fixture::Fixture;
use nonblock_tests::process;

fn sleep() {
    std::thread::sleep(Duration::from_millis(1));
}

/// Runs a test, which must fail, and returns what it says.
#[track_caller]
fn failure_of(test: impl FnOnce()) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(test)) else { panic!("the test passed") };
    *panic.downcast::<String>().expect("a message")
}

#[nonblock::test(watch = "trap")]
fn a_test_that_sleeps_in_no_section_passes() {
    sleep();
    assert_eq!(non_block(|_nb| 6 * 7), 42);
}

#[nonblock::test(cx, watch = "trap,schedule")]
fn a_watched_test_can_bind_a_token() -> Result<(), std::num::ParseIntError> {
    nonblock::thread::sleep(cx, Duration::from_millis(1));
    cx.non_block(|_nb| "7".parse::<u32>()).map(drop)
}

/// So the watch was on.
#[nonblock::test(watch = "trap")]
fn a_sleep_in_a_watched_test_can_be_expected(cx: &mut Sleepable) {
    let violation = expect_violation(|| cx.non_block(|_nb| sleep()));
    assert_eq!(violation.kind(), ViolationKind::SyscallInNonBlock);
}

#[nonblock::test(watch = "trap")]
#[should_panic = "of the test's own"]
fn a_watched_test_can_be_one_that_is_to_panic() {
    expect_violation(|| non_block(|_nb| sleep()));
    panic!("of the test's own");
}

#[nonblock::test]
fn a_test_without_the_argument_is_not_watched() {
    non_block(|_nb| sleep());
}

#[test]
fn a_test_that_sleeps_in_a_section_fails() {
    #[nonblock::test(watch = "trap")]
    fn sleeps() {
        non_block(|_nb| sleep());
    }

    let report = failure_of(sleeps);
    assert!(report.contains("clock_nanosleep"), "{report}");
    // The watch ended with the test, by a panic too.
    assert!(nonblock::testing::violations(|| non_block(|_nb| sleep())).is_empty());
}

#[test]
fn a_test_that_is_a_section_fails_if_it_sleeps() {
    #[nonblock::test(watch = "schedule")]
    fn sleeps(_nb: &NonBlock) {
        sleep();
    }

    let report = failure_of(sleeps);
    assert!(report.starts_with("BUG: scheduling while non-blocking"), "{report}");
}

#[test]
fn a_watched_test_fails_whatever_the_policy() {
    #[nonblock::test(watch = "trap")]
    fn sleeps() {
        non_block(|_nb| sleep());
    }

    let test = "a_watched_test_fails_whatever_the_policy";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        let report = failure_of(sleeps);
        assert!(report.starts_with("1 violation(s) in this test:\n\nBUG: "), "{report}");
    });
    outcome.assert_success();
}

#[test]
fn other_threads_are_not_watched() {
    #[nonblock::test(watch = "trap")]
    fn has_another_thread() {
        std::thread::spawn(|| non_block(|_nb| sleep())).join().expect("it is not watched");
    }

    has_another_thread();
}

/// The program's allocator is not the watch's.
const NOT_HERE: &str = "the watch's layer `alloc` cannot be had: ";

#[test]
fn a_test_whose_layer_cannot_be_had_fails_and_says_why() {
    #[nonblock::test(watch = "trap,alloc")]
    fn not_run() {
        unreachable!("without its watch, a test is not run");
    }

    let message = failure_of(not_run);
    assert!(message.starts_with(NOT_HERE), "{message}");
}

/// A panic would be a success there.
#[test]
fn a_test_that_is_to_panic_fails_if_its_layer_cannot_be_had() {
    #[nonblock::test(watch = "alloc")]
    #[should_panic = "without its watch"]
    fn not_run() {
        panic!("without its watch, a test is not run");
    }

    let test = "a_test_that_is_to_panic_fails_if_its_layer_cannot_be_had";
    let outcome = process::own(test, &[], not_run);
    outcome.assert_success();
    let written = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(written.contains(NOT_HERE), "{outcome:#?}");
}

/// The path of the crate leads to the watch too.
mod under_another_name {
    extern crate nonblock as another;

    use super::{non_block, sleep};

    trait Run: Sized {
        fn run(self, _: impl FnOnce()) {
            panic!("a method of the user's");
        }
    }

    impl<T> Run for T {}

    #[another::test(crate = another, watch = "trap")]
    fn a_trait_of_the_user_s_takes_no_part() {
        another::testing::expect_violation(|| non_block(|_nb| sleep()));
    }

    #[test]
    fn the_trait_would_take_part() {
        let panicked = std::panic::catch_unwind(|| 5.run(|| ())).is_err();
        assert!(panicked);
    }
}

#[test]
fn without_the_feature_the_error_says_which_to_turn_on() {
    let fixture = Fixture::new("renamed", env!("CARGO_TARGET_TMPDIR")).in_folder("unwatched");
    let errors = fixture.fail("check", &["--lib", "--profile", "test", "--features", "unwatched"]);
    let error = "error: nonblock's feature `watch` is off, so no test can be watched";
    assert_eq!(errors.matches("error: nonblock's").count(), 1, "{errors}");
    assert!(errors.contains(error) && errors.contains("features = [\"watch\"]"), "{errors}");
    // It is shown at the layers, and nothing else is wrong.
    assert!(errors.contains("watch = \"trap\""), "{errors}");
    assert!(!errors.contains("error[E"), "{errors}");
}
