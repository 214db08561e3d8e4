//! One mistake is one report: what sleeps within a reported root or binding is counted only. And the help fits whoever made the
//! check.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::testing::{expect_violation, run, violations};
use nonblock::{
    Sleepable, cant_sleep, may_sleep, might_sleep, non_block, permit_sleep, raw, sleepable, stats,
    thread,
};
use nonblock_tests::process;

/// Sleeps, through an annotated function: two that say so.
#[may_sleep]
fn flush(cx: &mut Sleepable) {
    thread::sleep(cx, Duration::ZERO);
}

/// Sleeps, whatever its caller has: three that say so.
#[may_sleep(cx)]
fn callback() {
    flush(cx);
}

// One report a cause.

#[test]
fn a_binding_with_what_it_calls_is_reported_once() {
    let test = "a_binding_with_what_it_calls_is_reported_once";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        non_block(|_nb| callback());
        assert_eq!(stats().count(SleepInNonBlock), 3);
    });
    outcome.assert_success();
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("help: `#[may_sleep(cx)]` binds a token"), "{outcome:#?}");
}

#[test]
fn a_root_with_what_it_calls_is_reported_once() {
    assert_eq!(violations(|| non_block(|_nb| sleepable(flush))).len(), 1);
    assert_eq!(violations(|| non_block(|_nb| raw::sleepable(flush))).len(), 1);
    // One root within another.
    assert_eq!(violations(|| non_block(|_nb| sleepable(|_cx| callback()))).len(), 1);
}

#[test]
fn a_call_that_lends_its_token_with_what_it_calls_is_reported_once() {
    let found = violations(|| {
        sleepable(|cx| {
            raw::non_block(|_nb| {
                thread::scope(cx, |_scope, cx| flush(cx));
            });
        });
    });
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn a_function_that_takes_the_token_is_reported_with_what_it_calls() {
    let found = violations(|| sleepable(|cx| raw::non_block(|_nb| flush(cx))));
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn two_mistakes_in_one_section_are_two_reports() {
    let found = violations(|| {
        non_block(|_nb| {
            callback();
            sleepable(flush);
            might_sleep();
        });
    });
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn a_section_within_a_reported_root_is_a_mistake_of_its_own() {
    let found = violations(|| {
        non_block(|_nb| {
            sleepable(|cx| {
                flush(cx);
                cx.non_block(|_nb| callback());
                flush(cx);
            });
        });
    });
    let depths: Vec<_> = found.iter().map(nonblock::Violation::depth).collect();
    assert_eq!(depths, [1, 2]);
}

#[test]
fn another_rule_within_a_reported_root_is_reported() {
    let found = violations(|| {
        non_block(|_nb| sleepable(|_cx| permit_sleep("to be outside", |_cx| cant_sleep())));
    });
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_section_within_a_permit_within_a_reported_root_is_a_mistake_of_its_own() {
    let found = violations(|| {
        non_block(|_nb| {
            sleepable(|_cx| {
                permit_sleep("the test says so", |cx| cx.non_block(|_nb| might_sleep()));
                might_sleep();
            });
        });
    });
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_root_left_by_a_panic_covers_nothing_that_comes_after() {
    let found = violations(|| {
        non_block(|_nb| {
            let left = catch_unwind(AssertUnwindSafe(|| sleepable(|_cx| panic!("of the test"))));
            assert!(left.is_err());
            might_sleep();
        });
    });
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_thread_within_a_reported_root_has_causes_of_its_own() {
    let found = violations(|| {
        non_block(|_nb| {
            sleepable(|cx| {
                let worker = thread::spawn(|_cx| non_block(|_nb| might_sleep()));
                worker.join(cx).expect("it is expected");
            });
        });
    });
    // The root, and the thread's.
    assert_eq!(found.len(), 2, "{found:#?}");
}

// What a test that fails says.

#[test]
fn a_test_lists_what_it_repeats_once_with_its_number() {
    let test = "a_test_lists_what_it_repeats_once_with_its_number";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        run(|| {
            for _ in 0..40 {
                non_block(|_nb| callback());
            }
            cant_sleep();
        });
    });
    outcome.assert_panicked();
    assert!(outcome.stderr.contains("41 violation(s) in this test:\n"), "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 2, "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("(40 times in this test)").count(), 1, "{outcome:#?}");
}

// The help.

/// The help of the one violation in the closure.
#[track_caller]
fn help(f: impl FnOnce()) -> String {
    let text = expect_violation(f).to_string();
    text.split_once("\nhelp: ").expect("there is a help").1.to_owned()
}

#[test]
fn who_passes_a_token_is_not_told_to_pass_one() {
    let told_to_pass = "pass `&mut Sleepable`";
    assert!(help(|| non_block(|_nb| might_sleep())).starts_with(told_to_pass));

    let by_token = help(|| sleepable(|cx| raw::non_block(|_nb| flush(cx))));
    assert!(by_token.starts_with("no `Sleepable` may come into a section"), "{by_token}");
    let by_root = help(|| non_block(|_nb| sleepable(flush)));
    assert!(by_root.starts_with("where a section may be open, ask no root"), "{by_root}");
    let by_binding = help(|| non_block(|_nb| callback()));
    assert!(by_binding.starts_with("`#[may_sleep(cx)]` binds a token"), "{by_binding}");
    let by_spawn = help(|| drop(non_block(|_nb| thread::spawn(|_cx| ()))));
    assert!(by_spawn.starts_with("start the thread before the section"), "{by_spawn}");
    let by_drop = help(|| non_block(|_nb| raw::might_sleep_in_drop()));
    assert!(by_drop.starts_with("drop the value after the section"), "{by_drop}");
    for help in [by_token, by_root, by_binding, by_spawn, by_drop] {
        assert!(!help.contains(told_to_pass), "{help}");
    }
}

#[test]
fn c_is_not_told_of_rust() {
    use nonblock::capi::{nonblock_cant_sleep, nonblock_end, nonblock_might_sleep};

    let calls: [fn(); 3] =
        [|| non_block(|_nb| nonblock_might_sleep()), || nonblock_end(), || nonblock_cant_sleep()];
    for call in calls {
        let help = help(call);
        assert!(help.contains("`nonblock_start()`"), "{help}");
        assert!(!help.contains("Sleepable") && !help.contains("|nb|"), "{help}");
    }
}
