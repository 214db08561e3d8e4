//! What the watch counts, and by which clock it measures.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::ffi::OsString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nonblock::watch::{Layers, Watch, statistics};
use nonblock::{Policy, Violation, raw, set_handler, set_policy};
use nonblock_tests::process::{self, Outcome};

fn with(test: &str, value: &str, body: impl FnOnce()) -> Outcome {
    let warn = ("NONBLOCK", OsString::from("warn"));
    process::own(test, &[("NONBLOCK_WATCH", OsString::from(value)), warn], body)
}

fn one_section() {
    raw::non_block(|_| std::hint::black_box(()));
}

fn counts() -> Vec<usize> {
    let mut counts: Vec<_> = statistics().sections().iter().map(|at| at.count).collect();
    counts.sort_unstable();
    counts
}

#[test]
fn sections_are_counted_by_place_where_that_was_asked_for() {
    process::own("sections_are_counted_by_place_where_that_was_asked_for", &[], || {
        set_policy(Policy::Ignore);
        for layers in [Layers::SCHEDULE, Layers::TRAP, Layers::BUDGET] {
            let watch = Watch::builder().layers(layers).start().expect("it is here");
            one_section();
            drop(watch);
        }
        assert!(counts().is_empty(), "nobody asked");
        let mut expected = 0;
        for layers in [Layers::SCHEDULE, Layers::TRAP, Layers::BUDGET] {
            for quick in [false, true] {
                let builder = Watch::builder().layers(layers).quick_trap(quick).count_sections();
                let watch = builder.start().expect("it is here");
                for _ in 0..10 {
                    one_section();
                }
                expected += 10;
                assert_eq!(counts(), [expected], "{layers}");
                drop(watch);
            }
        }
        // Threads count together, an inner section and one that is suspended are part of one, and another place is another.
        let _watch = Watch::builder().count_sections().start().expect("it is here");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..250).for_each(|_| one_section()));
            }
        });
        raw::non_block(|_| {
            one_section();
            raw::permit_sleep("the test says so", |_| ());
        });
        assert_eq!(counts(), [1, expected + 1000]);
    })
    .assert_success();
}

#[test]
fn statistics_at_the_end_tell_how_many_sections_of_a_sample_were_watched() {
    let test = "statistics_at_the_end_tell_how_many_sections_of_a_sample_were_watched";
    let outcome = with(test, "schedule,sample=10,stats", || {
        for _ in 0..100 {
            one_section();
        }
        assert_eq!(counts(), [10]);
    });
    outcome.assert_success();
    let line = "  watched 10 section(s) at tests/tests/watch_statistics.rs:";
    assert!(outcome.stderr.contains(line), "{outcome:#?}");
}

static TOOK: AtomicU64 = AtomicU64::new(0);

fn note(violation: &Violation) {
    let took = violation.observation().expect("the watch saw it").took();
    TOOK.store(u64::try_from(took.as_nanos()).unwrap(), Ordering::Relaxed);
}

#[test]
fn lengths_are_right_where_the_processors_counter_is_not_steady() {
    let test = "lengths_are_right_where_the_processors_counter_is_not_steady";
    for value in ["trap,budget=5ms", "trap,budget=5ms,assume-unsteady-counter"] {
        let outcome = with(test, value, || {
            set_handler(Some(note));
            let start = Instant::now();
            raw::non_block(|_| std::thread::sleep(Duration::from_millis(20)));
            let whole = u64::try_from(start.elapsed().as_nanos()).unwrap();
            // The last report is of the whole section. The rate of the processor's counter is measured, to some per mille.
            let took = TOOK.load(Ordering::Relaxed);
            assert!((19_800_000..=whole + whole / 100).contains(&took), "{took} {whole}");
            raw::non_block(|_| {
                let start = Instant::now();
                while start.elapsed() < Duration::from_millis(8) {}
            });
            let took = TOOK.load(Ordering::Relaxed);
            assert!(took >= 7_920_000 && took < 20_000_000 + whole, "{took}");
            let lengths = statistics().lengths();
            let longest = lengths.iter().map(|at| at.longest).max().expect("they are measured");
            assert!(longest >= Duration::from_micros(19_800), "{longest:?}");
        });
        assert!(outcome.status.success(), "{value}: {outcome:#?}");
    }
}
