//! The module `testing`, which is for tests of non-blocking code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::testing::{CurrentTest, expect_violation, run, violations};
use nonblock::{Policy, cant_sleep, might_sleep, non_block, raw, set_policy, sleepable, thread};
use nonblock_tests::process;

fn sleep_in_a_section() {
    non_block(|_nb| might_sleep());
}

/// Runs the closure, which must panic, and returns the panic's text.
#[track_caller]
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("the closure did not panic") };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast_ref::<&str>().expect("the panic is text")).to_owned(),
    }
}

// expect_violation and violations.

#[test]
fn the_expected_violation_is_returned_and_not_acted_on() {
    let mut after = false;
    let violation = expect_violation(|| {
        sleep_in_a_section();
        after = true;
    });
    assert!(after);
    assert_eq!(violation.kind(), SleepInNonBlock);
}

#[test]
fn expecting_a_violation_where_there_is_none_panics_at_the_caller() {
    assert_eq!(
        panic_of(|| expect_violation(|| non_block(|_nb| cant_sleep()))),
        "expected a violation, and there was none"
    );
}

#[test]
fn the_first_of_several_is_returned() {
    let violation = expect_violation(|| {
        cant_sleep();
        sleep_in_a_section();
    });
    assert_eq!(violation.kind(), NotInNonBlock);
}

#[test]
fn all_are_returned_in_their_order() {
    let kinds: Vec<_> = violations(|| {
        raw::non_block_end();
        sleep_in_a_section();
        cant_sleep();
        sleep_in_a_section();
    })
    .iter()
    .map(nonblock::Violation::kind)
    .collect();
    assert_eq!(kinds, [UnbalancedEnd, SleepInNonBlock, NotInNonBlock, SleepInNonBlock]);
}

#[test]
fn an_inner_expectation_takes_what_is_in_it_alone() {
    let outer = violations(|| {
        cant_sleep();
        let inner = expect_violation(sleep_in_a_section);
        assert_eq!(inner.kind(), SleepInNonBlock);
        raw::non_block_end();
    });
    let kinds: Vec<_> = outer.iter().map(nonblock::Violation::kind).collect();
    assert_eq!(kinds, [NotInNonBlock, UnbalancedEnd]);
}

#[test]
fn a_panic_of_the_closure_passes_through_and_ends_the_expectation() {
    let found = violations(|| {
        let message = panic_of(|| {
            expect_violation(|| {
                cant_sleep();
                panic!("of the closure's own");
            })
        });
        assert_eq!(message, "of the closure's own");
        // Taken by the outer expectation: the inner one is gone.
        sleep_in_a_section();
    });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind(), SleepInNonBlock);
}

#[test]
fn a_violation_of_a_thread_without_a_token_is_its_own() {
    // A plain thread inherits no expectation, so the policy acts on it.
    let test = "a_violation_of_a_thread_without_a_token_is_its_own";
    let outcome = process::own(test, &[], || {
        let found = violations(|| assert!(std::thread::spawn(sleep_in_a_section).join().is_err()));
        assert!(found.is_empty());
    });
    outcome.assert_success();
}

// Threads that are added to a test.

/// Runs the closure on a thread of `std`, and waits for it.
fn on_thread_of_std(f: impl FnOnce() + Send + 'static) {
    std::thread::spawn(f).join().expect("what is expected does not panic");
}

#[test]
fn a_violation_of_a_thread_that_was_added_is_expected() {
    let violation = expect_violation(|| {
        let test = CurrentTest::get();
        on_thread_of_std(move || {
            test.add_this_thread();
            sleep_in_a_section();
        });
    });
    assert_eq!(violation.kind(), SleepInNonBlock);
    assert_ne!(violation.task().id(), expect_violation(sleep_in_a_section).task().id());
}

#[test]
fn a_thread_that_was_added_to_another_test_has_left_the_first() {
    let (to_worker, works) = std::sync::mpsc::channel::<CurrentTest>();
    let (done, ended) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || {
        for test in works {
            test.add_this_thread();
            sleep_in_a_section();
            done.send(()).expect("the test waits");
        }
    });
    for _ in 0..2 {
        let found = violations(|| {
            to_worker.send(CurrentTest::get()).expect("the worker waits");
            ended.recv().expect("the worker answers");
        });
        assert_eq!(found.len(), 1);
    }
    drop(to_worker);
    worker.join().expect("nothing panics");
}

#[test]
fn a_thread_that_adds_itself_goes_on_in_its_own_test() {
    let found = violations(|| {
        let test = CurrentTest::get();
        let inner = violations(|| {
            // The inner expectation is left. It ends all the same.
            test.add_this_thread();
            sleep_in_a_section();
        });
        assert!(inner.is_empty());
        cant_sleep();
    });
    let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();
    assert_eq!(kinds, [SleepInNonBlock, NotInNonBlock]);
}

#[test]
fn run_fails_on_a_violation_of_a_thread_that_was_added() {
    let test = "run_fails_on_a_violation_of_a_thread_that_was_added";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        let message = panic_of(|| {
            run(|| {
                let test = CurrentTest::get();
                on_thread_of_std(move || {
                    test.add_this_thread();
                    sleep_in_a_section();
                });
            });
        });
        // It is no stray thread.
        assert!(message.starts_with("1 violation(s) in this test:\n\nBUG: "), "{message}");
    });
    outcome.assert_success();
}

// run.

#[test]
fn run_returns_what_the_test_returns() {
    assert_eq!(run(|| 5), 5);
    let result: Result<(), String> = run(|| Err("a test may return a `Result`".to_owned()));
    assert!(result.is_err());
}

#[test]
fn run_leaves_alone_what_was_expected() {
    run(|| {
        expect_violation(sleep_in_a_section);
        assert_eq!(violations(sleep_in_a_section).len(), 1);
    });
}

#[test]
fn run_fails_on_a_violation_that_was_swallowed() {
    let test = "run_fails_on_a_violation_that_was_swallowed";
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], || {
        let message = panic_of(|| {
            run(|| {
                let _ = catch_unwind(sleep_in_a_section);
                let _ = catch_unwind(|| cant_sleep());
            });
        });
        let (first, reports) = message.split_once('\n').expect("the reports follow");
        assert_eq!(first, "2 violation(s) in this test:");
        assert_eq!(reports.matches("BUG: ").count(), 2, "{message}");
        assert!(reports.contains("sleeping function called from invalid context at"), "{message}");
        assert!(
            reports.contains("function that relies on a section called outside one"),
            "{message}"
        );
    });
    outcome.assert_success();
}

#[test]
fn run_fails_under_a_policy_that_goes_on() {
    for policy in [Policy::Warn, Policy::Ignore] {
        let test = "run_fails_under_a_policy_that_goes_on";
        let outcome = process::own(test, &[("NONBLOCK", policy.name().into())], || {
            let mut after = false;
            let message = panic_of(|| {
                run(|| {
                    sleep_in_a_section();
                    after = true;
                });
            });
            assert!(after, "the policy goes on");
            assert!(message.starts_with("1 violation(s) in this test:\n\nBUG: "), "{message}");
        });
        outcome.assert_success();
        // The policy acts all the same.
        let written = outcome.stderr.contains("call trace:");
        assert_eq!(written, policy == Policy::Warn, "{outcome:#?}");
    }
}

#[test]
fn run_passes_on_the_panic_of_the_policy() {
    let test = "run_passes_on_the_panic_of_the_policy";
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], || {
        let message = panic_of(|| run(sleep_in_a_section));
        assert!(message.starts_with("BUG: sleeping function"), "{message}");
        // Nothing of that test is left for the next.
        run(|| {});
        assert_eq!(raw::depth(), 0);
    });
    outcome.assert_success();
}

#[test]
fn run_fails_on_what_a_policy_set_in_the_test_lets_pass() {
    let test = "run_fails_on_what_a_policy_set_in_the_test_lets_pass";
    let outcome = process::own(test, &[], || {
        let message = panic_of(|| {
            run(|| {
                set_policy(Policy::Ignore);
                sleep_in_a_section();
            });
        });
        assert!(message.starts_with("1 violation(s)"), "{message}");
    });
    outcome.assert_success();
}

// Threads that belong to no test.

#[test]
fn run_fails_on_a_violation_of_a_thread_of_std() {
    let test = "run_fails_on_a_violation_of_a_thread_of_std";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        let message = panic_of(|| {
            run(|| {
                let stray = std::thread::Builder::new().name("stray".to_owned());
                let stray = stray.spawn(|| (0..3).for_each(|_| sleep_in_a_section()));
                stray.expect("a thread starts").join().expect("the policy does not panic");
            });
        });
        assert!(
            message.starts_with("3 violation(s) in this test:\n\nOn a thread that"),
            "{message}"
        );
        assert!(message.contains(", name: stray\n"), "{message}");
        assert!(message.contains("(3 times in this test)"), "{message}");
        assert_eq!(message.matches("BUG: ").count(), 1, "{message}");
        // It was charged to tests that ran then.
        run(|| {});
    });
    outcome.assert_success();
}

#[test]
fn a_violation_of_a_thread_of_std_is_charged_to_every_test_that_runs() {
    let test = "a_violation_of_a_thread_of_std_is_charged_to_every_test_that_runs";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        let all_run = std::sync::Barrier::new(3);
        let broken = std::sync::Barrier::new(3);
        let body = || {
            panic_of(|| {
                run(|| {
                    all_run.wait();
                    broken.wait();
                });
            })
        };
        std::thread::scope(|scope| {
            let tests = [scope.spawn(body), scope.spawn(body)];
            all_run.wait();
            sleep_in_a_section();
            broken.wait();
            for test in tests {
                let message = test.join().expect("its body panicked, and that was caught");
                assert!(message.starts_with("1 violation(s)"), "{message}");
            }
        });
    });
    outcome.assert_success();
}

#[test]
fn what_another_test_expects_is_charged_to_nobody() {
    let test = "what_another_test_expects_is_charged_to_nobody";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        run(|| {
            let other = std::thread::spawn(|| {
                expect_violation(sleep_in_a_section);
                let message = panic_of(|| run(sleep_in_a_section));
                assert!(message.starts_with("1 violation(s)"), "{message}");
            });
            other.join().expect("the other test is right");
        });
    });
    outcome.assert_success();
}

#[cfg(unix)]
#[test]
fn a_test_that_waits_for_a_thread_that_died_of_a_violation_ends_with_the_report() {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGABRT: i32 = 6;

    let test = "a_test_that_waits_for_a_thread_that_died_of_a_violation_ends_with_the_report";
    let outcome = process::own(test, &[], || {
        run(|| {
            let (send, answer) = std::sync::mpsc::channel::<()>();
            std::thread::spawn({
                let send = send.clone();
                move || {
                    // What a test's harness keeps until the test ends.
                    std::panic::set_hook(Box::new(|_panic| ()));
                    sleep_in_a_section();
                    send.send(()).expect("the test waits");
                }
            });
            answer.recv().expect("this side has a sender too, so it waits for ever");
        });
    });
    assert_eq!(outcome.status.signal(), Some(SIGABRT), "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("BUG: sleeping function").count(), 1, "{outcome:#?}");
    let named = format!("nonblock: `{test}` still ran 10 seconds after");
    assert!(outcome.stderr.contains(&named), "{outcome:#?}");
}

#[test]
fn a_test_that_ends_by_itself_after_such_a_thread_died_fails_and_aborts_nothing() {
    let test = "a_test_that_ends_by_itself_after_such_a_thread_died_fails_and_aborts_nothing";
    let outcome = process::own(test, &[], || {
        let message = panic_of(|| {
            run(|| assert!(std::thread::spawn(sleep_in_a_section).join().is_err()));
        });
        assert!(message.contains("\n\nOn a thread that belongs to no test"), "{message}");
        // Longer than the test would have been waited for.
        std::thread::sleep(std::time::Duration::from_secs(11));
    });
    outcome.assert_success();
}

// Threads that inherit.

#[test]
fn a_spawned_thread_reports_to_the_test_that_spawned_it() {
    let found = violations(|| {
        sleepable(|cx| {
            thread::spawn(|_cx| sleep_in_a_section()).join(cx).expect("it is expected");
        });
    });
    assert_eq!(found.len(), 1);
}

#[test]
fn a_scoped_thread_reports_to_the_test_that_spawned_it() {
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for _ in 0..3 {
                    scope.spawn(|_cx| sleep_in_a_section());
                }
            });
        });
    });
    assert_eq!(found.len(), 3);
}

#[test]
fn a_thread_that_is_built_reports_to_the_test_that_built_it() {
    let found = violations(|| {
        sleepable(|cx| {
            let worker = thread::Builder::new().name("built").spawn(|_cx| sleep_in_a_section());
            worker.expect("a thread starts").join(cx).expect("it is expected");
        });
    });
    let [violation] = &found[..] else { panic!("{found:?}") };
    assert_eq!(violation.task().name(), "built");
}

#[test]
fn a_thread_of_a_thread_reports_to_the_test_too() {
    let found = violations(|| {
        sleepable(|cx| {
            let outer = thread::spawn(|cx| thread::spawn(|_cx| sleep_in_a_section()).join(cx));
            outer.join(cx).expect("it is expected").expect("it is expected");
        });
    });
    assert_eq!(found.len(), 1);
}

#[test]
fn an_expectation_in_a_spawned_thread_is_its_own() {
    let found = violations(|| {
        sleepable(|cx| {
            let worker = thread::spawn(|_cx| expect_violation(sleep_in_a_section).kind());
            assert_eq!(worker.join(cx).expect("it is expected"), SleepInNonBlock);
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn run_fails_on_a_violation_of_a_spawned_thread() {
    let test = "run_fails_on_a_violation_of_a_spawned_thread";
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], || {
        let message = panic_of(|| {
            run(|| {
                sleepable(|cx| {
                    let worker = thread::spawn(|_cx| sleep_in_a_section());
                    assert!(worker.join(cx).is_err(), "the policy panics there");
                });
            });
        });
        assert!(message.starts_with("1 violation(s)"), "{message}");
    });
    outcome.assert_success();
}

#[test]
fn a_thread_that_outlives_its_test_reports_to_nobody() {
    let test = "a_thread_that_outlives_its_test_reports_to_nobody";
    let outcome = process::own(test, &[], || {
        set_policy(Policy::Ignore);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let mut worker = None;
        let found = violations(|| {
            worker = Some(thread::spawn(move |_cx| {
                let _ = wait.recv();
                sleep_in_a_section();
            }));
        });
        assert!(found.is_empty());
        drop(go);
        sleepable(|cx| worker.unwrap().join(cx)).expect("nobody is there to panic");
        assert_eq!(nonblock::stats().count(SleepInNonBlock), 1);
    });
    outcome.assert_success();
}

#[test]
fn a_thread_may_be_spawned_while_its_parent_is_torn_down() {
    struct AtTheEnd;
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let worker = thread::spawn(|_cx| ());
            sleepable(|cx| worker.join(cx)).expect("it does not panic");
        }
    }
    std::thread_local!(static LAST: AtTheEnd = const { AtTheEnd });

    let test = "a_thread_may_be_spawned_while_its_parent_is_torn_down";
    let outcome = process::own(test, &[], || {
        std::thread::spawn(|| {
            // Made first, so dropped after what `violations` makes for itself, or before: either must do.
            LAST.with(|_| {});
            let _ = violations(|| {});
        })
        .join()
        .expect("it does not panic");
        std::thread::spawn(|| {
            let _ = violations(|| {});
            LAST.with(|_| {});
        })
        .join()
        .expect("it does not panic");
    });
    outcome.assert_success();
}

#[test]
fn a_thread_that_outlives_the_recording_reports_as_any_other() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut worker = None;
    let seen = violations(|| {
        worker = Some(thread::spawn(move |_cx| {
            wait.recv().expect("the test lets it go");
            sleep_in_a_section();
        }));
    });
    assert!(seen.is_empty());
    go.send(()).expect("the worker waits");
    let ended = sleepable(|cx| worker.expect("it was started").join(cx));
    assert!(ended.is_err(), "the default policy panics where nobody expects the violation");
}

#[test]
fn a_destructor_of_the_threads_locals_runs_unrecorded() {
    struct InItsDrop;

    impl Drop for InItsDrop {
        fn drop(&mut self) {
            assert!(violations(|| non_block(|_nb| ())).is_empty());
        }
    }

    std::thread_local! {
        static FIRST: InItsDrop = const { InItsDrop };
        static LAST: InItsDrop = const { InItsDrop };
    }

    let thread = std::thread::spawn(|| {
        // On both sides of the recorders' own local, whichever way they are torn down.
        FIRST.with(|_| ());
        assert!(violations(|| ()).is_empty());
        LAST.with(|_| ());
    });
    assert!(thread.join().is_ok());
}
