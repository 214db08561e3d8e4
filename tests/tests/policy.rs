//! What is done with a violation: each policy, by `NONBLOCK` and by code, and the handler.
//!
//! The policy is the process's, so each test has a process of its own.

use std::ffi::OsString;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::{
    ParsePolicyError, Policy, Violation, ViolationKind, cant_sleep, might_sleep, non_block,
    permit_sleep, policy, raw, set_handler, set_policy, sleepable, stats,
};
use nonblock_tests::process::{self, Outcome};

const HEADLINE: &str =
    "BUG: sleeping function called from invalid context at tests/tests/policy.rs";

/// Runs the body in a process of its own that has `NONBLOCK` set to `value`.
#[track_caller]
fn with_variable(test: &str, value: impl Into<OsString>, body: impl FnOnce()) -> Outcome {
    process::own(test, &[("NONBLOCK", value.into())], body)
}

fn sleep_in_a_section() {
    non_block(|_nb| might_sleep());
}

/// What the body writes to say that it went on.
const WENT_ON: &str = "went on";

fn go_on() {
    println!("{WENT_ON}");
}

// The policies, by the variable.

#[test]
fn without_the_variable_a_violation_panics() {
    let outcome = process::own("without_the_variable_a_violation_panics", &[], || {
        assert_eq!(policy(), Policy::Panic);
        assert_eq!(Policy::from_env(), Ok(None));
        sleep_in_a_section();
        go_on();
    });
    outcome.assert_panicked();
    assert_eq!(outcome.stderr.matches(HEADLINE).count(), 1, "{outcome:#?}");
    assert!(!outcome.stdout.contains(WENT_ON), "{outcome:#?}");
}

#[test]
fn an_empty_variable_says_nothing() {
    let outcome = with_variable("an_empty_variable_says_nothing", "", || {
        assert_eq!(Policy::from_env(), Ok(None));
        assert_eq!(policy(), Policy::Panic);
    });
    outcome.assert_success();
    assert!(!outcome.stderr.contains("NONBLOCK"), "{outcome:#?}");
}

#[test]
fn panic_panics_with_the_report_and_leaves_the_depth_right() {
    let test = "panic_panics_with_the_report_and_leaves_the_depth_right";
    let outcome = with_variable(test, "panic", || {
        assert_eq!(Policy::from_env(), Ok(Some(Policy::Panic)));
        for occurrence in 1..=2 {
            let panic = catch_unwind(sleep_in_a_section).expect_err("the policy panics");
            let report = panic.downcast_ref::<String>().expect("the report is text");
            assert!(report.starts_with(HEADLINE), "{report}");
            assert_eq!(raw::depth(), 0);
            assert_eq!(stats().count(SleepInNonBlock), occurrence);
        }
    });
    outcome.assert_success();
}

#[test]
fn warn_writes_a_site_once_counts_all_and_goes_on() {
    let test = "warn_writes_a_site_once_counts_all_and_goes_on";
    let outcome = with_variable(test, "warn", || {
        assert_eq!(Policy::from_env(), Ok(Some(Policy::Warn)));
        for _ in 0..5 {
            sleep_in_a_section();
        }
        raw::non_block(|_nb| might_sleep()); // another site, on this line
        cant_sleep(); // another kind
        assert_eq!(stats().count(SleepInNonBlock), 6);
        assert_eq!(stats().count(NotInNonBlock), 1);
        go_on();
    });
    outcome.assert_success();
    assert!(outcome.stdout.contains(WENT_ON), "{outcome:#?}");
    assert_eq!(outcome.stderr.matches(HEADLINE).count(), 2, "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 3, "{outcome:#?}");
    assert_eq!(outcome.stderr.matches("call trace:").count(), 3, "{outcome:#?}");
}

#[test]
fn abort_writes_the_report_and_ends_the_program() {
    let outcome = with_variable("abort_writes_the_report_and_ends_the_program", "abort", || {
        assert_eq!(Policy::from_env(), Ok(Some(Policy::Abort)));
        // The process ends here. A panic would be caught, and the test would go on.
        let _ = catch_unwind(sleep_in_a_section);
        go_on();
    });
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGABRT: i32 = 6;
        assert_eq!(outcome.status.signal(), Some(SIGABRT), "{outcome:#?}");
    }
    assert!(!outcome.status.success(), "{outcome:#?}");
    assert!(!outcome.stdout.contains(WENT_ON), "{outcome:#?}");
    assert_eq!(outcome.stderr.matches(HEADLINE).count(), 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("call trace:"), "{outcome:#?}");
    assert!(outcome.stderr.contains("sleep_in_a_section"), "{outcome:#?}");
}

#[test]
fn ignore_only_counts() {
    let outcome = with_variable("ignore_only_counts", "ignore", || {
        assert_eq!(Policy::from_env(), Ok(Some(Policy::Ignore)));
        for _ in 0..5 {
            sleep_in_a_section();
        }
        raw::non_block_end();
        assert_eq!(stats().count(SleepInNonBlock), 5);
        assert_eq!(stats().count(UnbalancedEnd), 1);
        assert_eq!(stats().total(), 6);
    });
    outcome.assert_success();
    assert!(!outcome.stderr.contains("BUG"), "{outcome:#?}");
}

#[test]
fn what_was_first_seen_under_ignore_is_written_under_warn() {
    let test = "what_was_first_seen_under_ignore_is_written_under_warn";
    let outcome = with_variable(test, "ignore", || {
        sleep_in_a_section();
        set_policy(Policy::Warn);
        for _ in 0..3 {
            sleep_in_a_section();
        }
    });
    outcome.assert_success();
    assert_eq!(outcome.stderr.matches(HEADLINE).count(), 1, "{outcome:#?}");
}

#[test]
fn an_unknown_value_is_named_at_the_first_root_though_no_rule_is_broken() {
    let test = "an_unknown_value_is_named_at_the_first_root_though_no_rule_is_broken";
    let starts: [fn(); 4] = [
        || sleepable(|_cx| ()),
        || bound(),
        || drop(nonblock::thread::spawn(|_cx| ())),
        || nonblock::testing::run(|| ()),
    ];
    for (at, start) in starts.into_iter().enumerate() {
        let name = std::env::var("NONBLOCK_TESTS_START").unwrap_or(at.to_string());
        if name != at.to_string() {
            continue;
        }
        let variables =
            [("NONBLOCK", "wran".into()), ("NONBLOCK_TESTS_START", at.to_string().into())];
        let outcome = process::own(test, &variables, || {
            for _ in 0..2 {
                start();
            }
            // The thread may still be on its way.
            let named = "expected one of `panic`, `warn`, `abort`, `ignore`; using `panic`";
            while !stats().to_string().contains(named) {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(stats().total(), 0);
        });
        assert_refused(&outcome, "wran");
    }
}

#[nonblock::may_sleep(cx)]
fn bound() {
    let _ = cx;
}

/// Asserts that the variable's value was named once, with what is allowed, and `panic` was used.
#[track_caller]
fn assert_refused(outcome: &Outcome, shown: &str) {
    outcome.assert_success();
    let complaint = format!(
        "nonblock: the environment variable NONBLOCK is `{shown}`: \
         expected one of `panic`, `warn`, `abort`, `ignore`; using `panic`\n"
    );
    assert_eq!(outcome.stderr.matches(&complaint).count(), 1, "{outcome:#?}");
}

/// What a program with an unknown value does: it panics at each violation.
fn fall_back_on_panic() {
    // Who reads it at the start of the program is told the same.
    let error = Policy::from_env().unwrap_err().to_string();
    assert!(error.starts_with("the environment variable NONBLOCK is `"), "{error}");
    for _ in 0..2 {
        assert!(catch_unwind(sleep_in_a_section).is_err());
    }
    assert_eq!(policy(), Policy::Panic);
}

#[test]
fn an_unknown_value_is_named_and_panic_is_used() {
    let test = "an_unknown_value_is_named_and_panic_is_used";
    let outcome = with_variable(test, "wran", fall_back_on_panic);
    assert_refused(&outcome, "wran");
}

#[test]
fn a_value_in_capitals_is_unknown() {
    let outcome = with_variable("a_value_in_capitals_is_unknown", "WARN", fall_back_on_panic);
    assert_refused(&outcome, "WARN");
}

#[test]
fn a_value_with_a_space_is_unknown() {
    let outcome = with_variable("a_value_with_a_space_is_unknown", "warn ", fall_back_on_panic);
    assert_refused(&outcome, "warn ");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_named_and_panic_is_used() {
    use std::os::unix::ffi::OsStringExt as _;

    let test = "a_value_that_is_not_unicode_is_named_and_panic_is_used";
    let value = OsString::from_vec(b"wa\xFFrn".to_vec());
    let outcome = with_variable(test, value, fall_back_on_panic);
    assert_refused(&outcome, "wa\u{FFFD}rn");
}

// The policies, by code.

#[test]
fn the_code_goes_over_the_variable() {
    let outcome = with_variable("the_code_goes_over_the_variable", "abort", || {
        set_policy(Policy::Ignore);
        assert_eq!(policy(), Policy::Ignore);
        sleep_in_a_section();
        set_policy(Policy::Panic);
        assert_eq!(policy(), Policy::Panic);
        assert!(catch_unwind(sleep_in_a_section).is_err());
        set_policy(Policy::Warn);
        assert_eq!(policy(), Policy::Warn);
        non_block(|_nb| might_sleep_elsewhere());
        assert_eq!(stats().count(SleepInNonBlock), 3);
    });
    outcome.assert_success();
    assert!(outcome.stderr.contains("call trace:"), "{outcome:#?}");
}

fn might_sleep_elsewhere() {
    might_sleep();
}

#[test]
fn the_code_goes_over_the_variable_after_it_was_read_too() {
    let test = "the_code_goes_over_the_variable_after_it_was_read_too";
    let outcome = with_variable(test, "ignore", || {
        assert_eq!(policy(), Policy::Ignore);
        sleep_in_a_section();
        set_policy(Policy::Panic);
        sleep_in_a_section();
    });
    outcome.assert_panicked();
}

#[test]
fn the_policy_holds_for_every_thread() {
    let outcome = process::own("the_policy_holds_for_every_thread", &[], || {
        set_policy(Policy::Ignore);
        std::thread::spawn(sleep_in_a_section).join().expect("the policy does not panic");
        assert_eq!(stats().count(SleepInNonBlock), 1);
    });
    outcome.assert_success();
}

#[test]
fn a_policy_is_read_from_its_own_name_only() {
    for policy in Policy::ALL {
        assert_eq!(policy.name().parse(), Ok(policy));
        assert_eq!(policy.to_string(), policy.name());
    }
    for unknown in ["", "Panic", "panic ", "panics", "0", "warn,ignore"] {
        let error: ParsePolicyError = unknown.parse::<Policy>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{unknown}` is no policy: expected one of `panic`, `warn`, `abort`, `ignore`")
        );
    }
}

// The handler.

type Seen = (ViolationKind, u32, usize, u32);

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

fn note(violation: &Violation) {
    SEEN.lock().unwrap().push((
        violation.kind(),
        violation.depth(),
        violation.occurrence(),
        raw::depth(),
    ));
}

#[test]
fn the_handler_is_called_for_every_violation_in_place_of_the_policy() {
    let test = "the_handler_is_called_for_every_violation_in_place_of_the_policy";
    let outcome = with_variable(test, "abort", || {
        set_handler(Some(note));
        for _ in 0..3 {
            sleep_in_a_section();
        }
        non_block(|nb| nb.non_block(|_nb| might_sleep()));
        cant_sleep();
        assert_eq!(
            *SEEN.lock().unwrap(),
            [
                // What it was, its depth, its number at its site, and the depth in the handler.
                (SleepInNonBlock, 1, 1, 0),
                (SleepInNonBlock, 1, 2, 0),
                (SleepInNonBlock, 1, 3, 0),
                (SleepInNonBlock, 2, 1, 0),
                (NotInNonBlock, 0, 1, 0),
            ]
        );
    });
    outcome.assert_success();
    assert!(!outcome.stderr.contains("BUG"), "{outcome:#?}");
}

#[test]
fn the_handler_is_called_on_the_thread_that_broke_the_rule() {
    static THREAD: Mutex<Option<std::thread::ThreadId>> = Mutex::new(None);

    fn keep_thread(_violation: &Violation) {
        *THREAD.lock().unwrap() = Some(std::thread::current().id());
    }

    let test = "the_handler_is_called_on_the_thread_that_broke_the_rule";
    let outcome = process::own(test, &[], || {
        set_handler(Some(keep_thread));
        let thread = std::thread::spawn(|| {
            sleep_in_a_section();
            std::thread::current().id()
        });
        let id = thread.join().expect("the handler does not panic");
        assert_eq!(*THREAD.lock().unwrap(), Some(id));
    });
    outcome.assert_success();
}

#[test]
fn without_a_handler_the_policy_acts_again() {
    let outcome = process::own("without_a_handler_the_policy_acts_again", &[], || {
        set_handler(Some(note));
        sleep_in_a_section();
        set_handler(None);
        assert!(catch_unwind(sleep_in_a_section).is_err());
        assert_eq!(SEEN.lock().unwrap().len(), 1);
    });
    outcome.assert_success();
}

#[test]
fn the_handler_may_sleep_lock_and_break_rules_without_recursion() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static TABLE: nonblock::sync::Mutex<u32> = nonblock::sync::Mutex::new(0);

    fn handle(_violation: &Violation) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // Its own sections are none of the reported code's.
        sleepable(|cx| {
            nonblock::thread::sleep(cx, Duration::from_millis(1));
            *TABLE.lock(cx) += 1;
        });
        cant_sleep();
        sleep_in_a_section();
        assert_eq!(raw::depth(), 0);
    }

    let test = "the_handler_may_sleep_lock_and_break_rules_without_recursion";
    let outcome = process::own(test, &[], || {
        set_handler(Some(handle));
        non_block(|nb| {
            nb.non_block(|_nb| might_sleep());
            assert_eq!(raw::depth(), 1);
        });
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        assert_eq!(TABLE.try_lock().map(|calls| *calls), Some(1));
        // What the handler did is counted, if not reported.
        assert_eq!(stats().count(NotInNonBlock), 1);
        assert_eq!(stats().count(SleepInNonBlock), 2);
    });
    outcome.assert_success();
}

#[test]
fn after_a_handler_that_panics_the_depth_is_right_and_reports_go_on() {
    fn refuse(violation: &Violation) {
        // Not `panic!`: the hook's message is not what is tested.
        std::panic::resume_unwind(Box::new(violation.occurrence()));
    }

    let test = "after_a_handler_that_panics_the_depth_is_right_and_reports_go_on";
    let outcome = process::own(test, &[], || {
        set_handler(Some(refuse));
        for occurrence in 1..=3_usize {
            let panic = catch_unwind(sleep_in_a_section).expect_err("the handler panics");
            assert_eq!(panic.downcast_ref(), Some(&occurrence));
            assert_eq!(raw::depth(), 0);
        }
        // The sections that the handler was called in are back before the unwinding leaves them.
        non_block(|_nb| {
            assert!(catch_unwind(might_sleep).is_err());
            assert_eq!(raw::depth(), 1);
        });
    });
    outcome.assert_success();
}

#[test]
fn the_handler_is_not_called_for_what_a_test_expects() {
    let outcome = process::own("the_handler_is_not_called_for_what_a_test_expects", &[], || {
        set_handler(Some(note));
        nonblock::testing::expect_violation(sleep_in_a_section);
        assert!(SEEN.lock().unwrap().is_empty());
        assert_eq!(stats().count(SleepInNonBlock), 1);
    });
    outcome.assert_success();
}

#[test]
fn a_permit_is_no_violation_under_any_policy() {
    let outcome = with_variable("a_permit_is_no_violation_under_any_policy", "abort", || {
        non_block(|_nb| permit_sleep("the test says so", |_cx| might_sleep()));
        assert_eq!(stats().total(), 0);
    });
    outcome.assert_success();
}
