//! What a reaper does, as events of `tracing`: their levels and fields, and subscribers that misbehave.
//!
//! The subscriber must be that of the process, since the reaper has a thread of its own. So each test has a process of its
//! own.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nonblock::{raw, sleepable, stats};
use nonblock_mm::oom::{Killer, Process, ReapEvent, ReapEventKind, ReapOutcome, Reaper};
use nonblock_tests::process;
use nonblock_tests::victim::{MIB, Stubborn, victim};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const SHORT: Duration = Duration::from_millis(2);

/// Runs the body in a process of its own.
#[track_caller]
fn own(test: &str, body: impl FnOnce()) -> process::Outcome {
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], body);
    outcome.assert_success();
    outcome
}

/// What was told, in order: by the subscriber, and by the watcher.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Event { level: Level, fields: BTreeMap<&'static str, String> },
    Watcher(&'static str),
}

impl Told {
    /// A field of an event, with its type before it.
    #[track_caller]
    fn field(&self, name: &str) -> &str {
        let Self::Event { fields, .. } = self else { panic!("{self:?}") };
        fields.get(name).unwrap_or_else(|| panic!("no field {name}: {self:?}"))
    }

    /// The names of an event's fields.
    #[track_caller]
    fn names(&self) -> Vec<&'static str> {
        let Self::Event { fields, .. } = self else { panic!("{self:?}") };
        fields.keys().copied().collect()
    }
}

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

fn tell(told: Told) {
    TOLD.lock().unwrap().push(told);
}

fn told() -> Vec<Told> {
    mem::take(&mut *TOLD.lock().unwrap())
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

/// Notes the reaper's events, and does something of its own at each.
struct Collector {
    besides: fn(),
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "nonblock_mm::oom"
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        tell(Told::Event { level: *event.metadata().level(), fields: fields.0 });
        (self.besides)();
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Installs a subscriber that does something besides.
fn subscribe(besides: fn()) {
    tracing::subscriber::set_global_default(Collector { besides }).expect("it is the first");
}

fn name_of(event: &ReapEvent) -> &'static str {
    match event.kind {
        ReapEventKind::Began { .. } => "Began",
        ReapEventKind::Busy => "Busy",
        ReapEventKind::Refused { .. } => "Refused",
        ReapEventKind::Panicked { .. } => "Panicked",
        ReapEventKind::Failed { .. } => "Failed",
        ReapEventKind::Taken { .. } => "Taken",
        ReapEventKind::Waits { .. } => "Waits",
        ReapEventKind::Done { .. } => "Done",
        _ => panic!("a kind that this test does not know: {event:?}"),
    }
}

/// The levels and kinds of the events.
fn levels_and_kinds(told: &[Told]) -> Vec<(Level, &str)> {
    told.iter()
        .map(|told| match told {
            Told::Event { level, .. } => (*level, told.field("kind").strip_prefix("str ").unwrap()),
            Told::Watcher(name) => panic!("the watcher was told of {name}"),
        })
        .collect()
}

#[test]
fn every_step_is_an_event_before_the_watcher_is_told() {
    own("every_step_is_an_event_before_the_watcher_is_told", || {
        subscribe(|| ());
        sleepable(|cx| {
            let setup = Reaper::builder().tries(3).interval(SHORT);
            let reaper = setup.on_event(|event| tell(Told::Watcher(name_of(event)))).spawn();
            let reaper = reaper.unwrap();
            let browser = victim("browser", 1, cx);
            let range = browser.ranges()[0];
            let driver = Stubborn::refusing(1);
            let _subscription = browser.space().subscribe(driver, cx).unwrap();
            assert!(reaper.reap(browser).wait(cx).is_complete());
            reaper.shutdown(cx);

            let told = told();
            let (events, watched): (Vec<_>, Vec<_>) =
                told.into_iter().partition(|told| matches!(told, Told::Event { .. }));
            let expected = [
                (Level::INFO, "Began"),
                (Level::DEBUG, "Refused"),
                (Level::DEBUG, "Waits"),
                (Level::DEBUG, "Began"),
                (Level::DEBUG, "Taken"),
                (Level::INFO, "Done"),
            ];
            assert_eq!(levels_and_kinds(&events), expected);
            assert_eq!(watched, expected.map(|(_, kind)| Told::Watcher(kind)));

            for (event, attempt) in events.iter().zip(["u64 1", "u64 1", "u64 1", "u64 2"]) {
                assert_eq!(event.field("victim"), "str browser");
                assert_eq!(event.field("attempt"), attempt);
            }
            let [began, refused, waits, again, taken, done] = &events[..] else { unreachable!() };
            assert_eq!(began.field("resident"), format!("u64 {MIB}"));
            assert_eq!(began.field("message"), "the first try begins");
            assert_eq!(again.field("message"), "another try begins");
            assert_eq!(refused.field("range"), range.to_string());
            assert_eq!(taken.field("range"), range.to_string());
            assert_eq!(waits.field("interval_ms"), "u64 2");

            assert_eq!(done.field("outcome"), "str Complete");
            assert_eq!(done.field("resident_before"), format!("u64 {MIB}"));
            assert_eq!(done.field("resident_after"), "u64 0");
            for (field, count) in [("busy", 0), ("refusals", 1), ("panics", 0), ("failures", 0)] {
                assert_eq!(done.field(field), format!("u64 {count}"));
            }
            assert_eq!((done.field("taken"), done.field("skipped")), ("u64 1", "u64 0"));
            assert!(done.field("elapsed_ms").starts_with("u64 "));
            let pid = std::process::id();
            let report = format!("oom_reaper: reaped process {pid} (browser), now anon-rss:0kB");
            assert!(done.field("message").starts_with(&report), "{done:?}");
            assert_eq!(done.names().len(), 14);
        });
    });
}

#[test]
fn the_watcher_is_told_after_the_subscriber() {
    own("the_watcher_is_told_after_the_subscriber", || {
        subscribe(|| ());
        sleepable(|cx| {
            let setup = Reaper::builder();
            let reaper = setup.on_event(|event| tell(Told::Watcher(name_of(event)))).spawn();
            let reaper = reaper.unwrap();
            assert!(reaper.reap(victim("browser", 1, cx)).wait(cx).is_complete());
            reaper.shutdown(cx);
        });
        let told = told();
        assert_eq!(told.len(), 6);
        for pair in told.chunks(2) {
            let [event, Told::Watcher(name)] = pair else { panic!("{told:?}") };
            assert_eq!(event.field("kind"), format!("str {name}"));
        }
    });
}

#[test]
fn a_victim_that_is_given_up_is_a_warning_with_the_report() {
    let test = "a_victim_that_is_given_up_is_a_warning_with_the_report";
    let outcome = own(test, || {
        subscribe(|| ());
        sleepable(|cx| {
            let reaper = Reaper::builder().tries(2).interval(SHORT).spawn().unwrap();
            let browser = victim("browser", 1, cx);
            let faulty = Stubborn::panicking_within(browser.ranges()[0], 9);
            let _subscription = browser.space().subscribe(faulty, cx).unwrap();
            let reaped = reaper.reap(Arc::clone(&browser)).wait(cx);
            assert_eq!(reaped.outcome, ReapOutcome::GivenUp);

            let told = told();
            let expected = [
                (Level::INFO, "Began"),
                (Level::DEBUG, "Panicked"),
                (Level::DEBUG, "Waits"),
                (Level::DEBUG, "Began"),
                (Level::DEBUG, "Panicked"),
                (Level::WARN, "Done"),
            ];
            assert_eq!(levels_and_kinds(&told), expected);
            let done = told.last().unwrap();
            assert_eq!(done.field("outcome"), "str GivenUp");
            assert_eq!(done.field("message"), reaped.to_string());
            assert!(done.field("message").contains("a driver panicked 2 times"), "{done:?}");

            // The memory lock is held.
            let locked = victim("locked", 0, cx);
            let guard = locked.lock(cx);
            let _reaped = reaper.reap(Arc::clone(&locked)).wait(cx);
            drop(guard);
            reaper.shutdown(cx);
        });
        let told = told();
        let busy = |told: &&Told| told.field("kind") == "str Busy";
        assert_eq!(told.iter().filter(busy).count(), 2);
    });
    // Without a watcher, the report is written too.
    assert!(outcome.stderr.contains("oom_reaper: unable to reap pid:"), "{outcome:#?}");
}

#[test]
fn a_cancelled_victim_ends_at_the_level_of_an_end() {
    own("a_cancelled_victim_ends_at_the_level_of_an_end", || {
        subscribe(|| ());
        sleepable(|cx| {
            let reaper = Reaper::builder().interval(Duration::from_hours(1)).spawn().unwrap();
            let browser = victim("browser", 1, cx);
            let _subscription = browser.space().subscribe(Stubborn::refusing(u32::MAX), cx);
            let reaping = reaper.reap(browser);
            while !TOLD.lock().unwrap().iter().any(|told| told.field("kind") == "str Waits") {
                nonblock::thread::yield_now(cx);
            }
            reaping.cancel();
            assert_eq!(reaping.wait(cx).outcome, ReapOutcome::Cancelled);
            reaper.shutdown(cx);
        });
        let told = told();
        let done = told.last().unwrap();
        assert_eq!(levels_and_kinds(&told).last(), Some(&(Level::INFO, "Done")));
        assert_eq!(done.field("outcome"), "str Cancelled");
    });
}

#[test]
fn a_subscriber_that_panics_does_not_end_the_reaper() {
    let test = "a_subscriber_that_panics_does_not_end_the_reaper";
    let outcome = own(test, || {
        subscribe(|| panic!("the test says so"));
        sleepable(|cx| {
            let setup = Reaper::builder();
            let reaper = setup.on_event(|event| tell(Told::Watcher(name_of(event)))).spawn();
            let reaper = reaper.unwrap();
            for _ in 0..2 {
                assert!(reaper.reap(victim("browser", 1, cx)).wait(cx).is_complete());
            }
            reaper.shutdown(cx);
        });
        let watched = told().into_iter().filter(|told| matches!(told, Told::Watcher(_))).count();
        assert_eq!(watched, 6, "the watcher is told all the same");
    });
    assert_eq!(outcome.stderr.matches("the test says so").count(), 6, "{outcome:#?}");
}

#[test]
fn a_subscriber_that_is_slow_delays_the_reaper_and_no_more() {
    own("a_subscriber_that_is_slow_delays_the_reaper_and_no_more", || {
        subscribe(|| std::thread::sleep(Duration::from_millis(20)));
        sleepable(|cx| {
            let reaper = Reaper::builder().tries(3).interval(SHORT).spawn().unwrap();
            let browser = victim("browser", 1, cx);
            let _subscription = browser.space().subscribe(Stubborn::refusing(1), cx).unwrap();
            let reaped = reaper.reap(browser).wait(cx);
            assert!(reaped.is_complete());
            // It was called five times before the result was made.
            assert!(reaped.elapsed >= Duration::from_millis(100), "{reaped:?}");
            reaper.shutdown(cx);
        });
    });
}

#[test]
fn a_subscriber_that_leaves_a_section_open_is_reported() {
    own("a_subscriber_that_leaves_a_section_open_is_reported", || {
        subscribe(|| raw::non_block_start());
        sleepable(|cx| {
            let reaper = Reaper::builder().spawn().unwrap();
            assert!(reaper.reap(victim("browser", 1, cx)).wait(cx).is_complete());
            reaper.shutdown(cx);
        });
        // One for each event, and the reaper's own calls break no rule.
        assert_eq!((told().len(), stats().total()), (3, 3));
    });
}

#[test]
fn a_killers_choices_are_events() {
    own("a_killers_choices_are_events", || {
        // Its own panics do not end the killer.
        subscribe(|| panic!("the test says so"));
        let (chose, hears) = std::sync::mpsc::channel();
        let mut round = 0;
        let choose = move |_, _: &mut nonblock::Sleepable| {
            round += 1;
            chose.send(round).unwrap();
            assert!(round != 2, "the test says so");
            if round == 1 { vec![Arc::new(nonblock_mm::memory::Mm::new())] } else { Vec::new() }
        };
        let reaper = Arc::new(Reaper::builder().spawn().unwrap());
        let killer = Killer::manual(reaper, choose).unwrap();
        for round in 1..=3 {
            killer.trigger();
            assert_eq!(hears.recv().unwrap(), round);
        }
        sleepable(|cx| killer.shutdown(cx));

        let mut told = told();
        told.retain(|told| told.names().contains(&"cause"));
        let expected =
            [(Level::INFO, "Chosen"), (Level::DEBUG, "ChoicePanicked"), (Level::DEBUG, "Chosen")];
        assert_eq!(levels_and_kinds(&told), expected);
        assert!(told.iter().all(|told| told.field("cause") == "str Manual"));
        assert_eq!((told[0].field("victims"), told[2].field("victims")), ("u64 1", "u64 0"));
        assert_eq!(told[1].names(), ["cause", "kind", "message"]);
    });
}

#[test]
fn reclaiming_a_process_is_told_in_events() {
    own("reclaiming_a_process_is_told_in_events", || {
        subscribe(|| ());
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        sleepable(|cx| {
            let process = Process::of_child(&child, cx).unwrap();
            let reclaimed = process.reclaim(cx);
            child.wait().unwrap();
            let failed = process.reclaim(cx).unwrap_err();
            let told = told();
            assert!(told.iter().all(|told| told.field("pid") == format!("u64 {}", child.id())));
            let [began, done, not] = &told[..] else { panic!("{told:?}") };
            assert_eq!(
                levels_and_kinds(std::slice::from_ref(began)),
                [(Level::INFO, "ReclaimBegan")]
            );
            match reclaimed {
                Ok(reclaimed) => {
                    assert_eq!(
                        levels_and_kinds(std::slice::from_ref(done)),
                        [(Level::INFO, "ReclaimDone")]
                    );
                    let before = format!("u64 {}", reclaimed.resident_before);
                    assert_eq!(began.field("resident"), before);
                    assert_eq!(done.field("resident_before"), before);
                    assert_eq!(done.field("killed"), "u64 1");
                    assert_eq!(done.names().len(), 8);
                }
                Err(error) => assert_eq!(done.field("error"), error.to_string()),
            }
            assert_eq!(
                levels_and_kinds(std::slice::from_ref(not)),
                [(Level::WARN, "ReclaimFailed")]
            );
            assert_eq!(not.field("error"), failed.to_string());
        });
    });
}
