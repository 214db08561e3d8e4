//! Violations as events of `tracing`: their fields and levels, and subscribers that sleep, panic or break rules.
//!
//! Policies and counts are the process's, so each test has a process of its own.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{Location, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock};
use nonblock::testing::expect_violation;
use nonblock::{
    Policy, cant_sleep, might_sleep, non_block, raw, set_handler, set_policy, sleepable, stats,
    thread,
};
use nonblock_tests::process;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Metadata, Subscriber};

/// Runs the body in a process of its own, under the policy.
#[track_caller]
fn under(policy: &str, test: &str, body: impl FnOnce()) -> process::Outcome {
    let outcome = process::own(test, &[("NONBLOCK", policy.into())], body);
    outcome.assert_success();
    outcome
}

/// An event, as a subscriber saw it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    target: String,
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Seen {
    #[track_caller]
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no field {name}: {self:?}"))
    }
}

/// Keeps the type beside the value: a number must not come as text.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), format!("str {value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), format!("u64 {value}"));
    }
}

/// Collects events, and does something of its own at each.
#[derive(Clone)]
struct Collector {
    seen: Arc<Mutex<Vec<Seen>>>,
    besides: fn(),
}

impl Collector {
    fn new(besides: fn()) -> Self {
        Self { seen: Arc::default(), besides }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        (self.besides)();
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.seen.lock().unwrap().push(Seen {
            target: event.metadata().target().to_owned(),
            level: *event.metadata().level(),
            fields: fields.0,
        });
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// What the subscriber sees of the closure.
fn events(f: impl FnOnce()) -> Vec<Seen> {
    let collector = Collector::new(|| ());
    with_default(collector.clone(), f);
    collector.seen()
}

#[test]
fn an_event_has_what_a_report_has() {
    under("ignore", "an_event_has_what_a_report_has", || {
        let body = || {
            let place = Location::caller();
            let seen = events(|| {
                non_block(|_nb| raw::non_block(|_nb| might_sleep()));
            });
            let [event] = &seen[..] else { panic!("{seen:?}") };
            assert_eq!((event.target.as_str(), event.level), ("nonblock", Level::ERROR));
            let line = place.line() + 2;
            assert_eq!(event.field("kind"), "str SleepInNonBlock");
            assert_eq!(event.field("location"), format!("{}:{line}:54", file!()));
            assert_eq!(event.field("section"), format!("{}:{line}:17", file!()));
            assert_eq!(event.field("depth"), "u64 2");
            assert_eq!(event.field("thread"), "str teller");
            assert_eq!(event.field("occurrence"), "u64 1");
            assert_eq!(event.field("message"), "sleeping function called from invalid context");
            let tid = event.field("tid").strip_prefix("u64 ").expect("it is a number");
            assert_eq!(tid, expect_violation(|| cant_sleep()).task().id().to_string());
            assert_eq!(event.fields.len(), 8);
        };
        let teller = std::thread::Builder::new().name("teller".to_owned()).spawn(body);
        teller.expect("a thread starts").join().expect("the body does not panic");
    });
}

#[test]
fn outside_a_section_none_is_named() {
    under("ignore", "outside_a_section_none_is_named", || {
        let seen = events(|| cant_sleep());
        let [event] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!(event.field("kind"), "str NotInNonBlock");
        assert_eq!(event.field("depth"), "u64 0");
        assert!(!event.fields.contains_key("section"));
    });
}

#[test]
fn a_place_in_c_is_named_as_any() {
    unsafe extern "C" {
        fn nonblock_might_sleep_at(file: *const std::ffi::c_char, line: u32);
    }

    under("ignore", "a_place_in_c_is_named_as_any", || {
        let seen = events(|| {
            // SAFETY: a literal stays.
            raw::non_block(|_nb| unsafe { nonblock_might_sleep_at(c"driver.c".as_ptr(), 7) });
        });
        let [event] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!(event.field("location"), "driver.c:7");
    });
}

#[test]
fn repeated_ones_are_of_a_lower_level() {
    under("ignore", "repeated_ones_are_of_a_lower_level", || {
        let seen = events(|| {
            for _ in 0..3 {
                cant_sleep();
            }
            cant_sleep();
        });
        let told: Vec<_> = seen.iter().map(|seen| (seen.level, seen.field("occurrence"))).collect();
        let expected = [
            (Level::ERROR, "u64 1"),
            (Level::DEBUG, "u64 2"),
            (Level::DEBUG, "u64 3"),
            (Level::ERROR, "u64 1"),
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn what_a_test_expects_is_no_event() {
    under("panic", "what_a_test_expects_is_no_event", || {
        let seen = events(|| {
            expect_violation(|| cant_sleep());
        });
        assert_eq!(seen, []);
    });
}

#[test]
fn the_policy_and_the_handler_act_as_without() {
    static HANDLED: Mutex<Vec<String>> = Mutex::new(Vec::new());

    under("panic", "the_policy_and_the_handler_act_as_without", || {
        let seen = events(|| {
            assert!(catch_unwind(|| cant_sleep()).is_err());
        });
        assert_eq!(seen.len(), 1);

        set_handler(Some(|violation| HANDLED.lock().unwrap().push(violation.to_string())));
        assert_eq!(events(|| cant_sleep()).len(), 1);
        assert_eq!(HANDLED.lock().unwrap().len(), 1);
        set_handler(None);

        set_policy(Policy::Ignore);
        assert_eq!(events(|| cant_sleep()).len(), 1);
        assert_eq!(stats().count(NotInNonBlock), 3);
    });
}

#[test]
fn without_a_subscriber_nothing_is_different() {
    let outcome = under("warn", "without_a_subscriber_nothing_is_different", || {
        for _ in 0..2 {
            cant_sleep();
        }
    });
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("call trace:"), "{outcome:#?}");
}

#[test]
fn a_subscriber_may_sleep_and_lock() {
    under("ignore", "a_subscriber_may_sleep_and_lock", || {
        static LOG: nonblock::sync::Mutex<u32> = nonblock::sync::Mutex::new(0);
        let collector = Collector::new(|| {
            sleepable(|cx| {
                thread::sleep(cx, Duration::from_millis(1));
                *LOG.lock(cx) += 1;
            });
        });
        with_default(collector.clone(), || {
            non_block(|_nb| {
                might_sleep();
                // The sections are back.
                assert_eq!(raw::depth(), 1);
            });
        });
        assert_eq!(collector.seen().len(), 1);
        assert_eq!((stats().total(), sleepable(|cx| *LOG.lock(cx))), (1, 1));
    });
}

#[test]
fn a_subscriber_that_breaks_a_rule_is_counted_and_not_called_again() {
    under("panic", "a_subscriber_that_breaks_a_rule_is_counted_and_not_called_again", || {
        let collector = Collector::new(|| non_block(|_nb| might_sleep()));
        // For the process: for one thread, `tracing` itself keeps a subscriber from being called within itself.
        tracing::subscriber::set_global_default(collector.clone()).expect("it is the first");
        set_handler(Some(|_violation| ()));
        cant_sleep();
        assert_eq!(collector.seen().len(), 1);
        assert_eq!((stats().count(NotInNonBlock), stats().count(SleepInNonBlock)), (1, 1));
        // Nor does it go unheard from then on.
        cant_sleep();
        assert_eq!(collector.seen().len(), 2);
    });
}

#[test]
fn a_subscriber_that_panics_leaves_sections_as_they_were() {
    under("ignore", "a_subscriber_that_panics_leaves_sections_as_they_were", || {
        let collector = Collector::new(|| panic!("the test says so"));
        with_default(collector, || {
            non_block(|_nb| {
                assert!(catch_unwind(|| might_sleep()).is_err());
                assert_eq!(raw::depth(), 1);
            });
        });
        // The mark of a report under way is gone too.
        assert_eq!(events(|| cant_sleep()).len(), 1);
    });
}
