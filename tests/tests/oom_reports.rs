//! What a reaper reports: what held a victim that was given up, and what it counts.

#![cfg(target_os = "linux")]
#![allow(clippy::similar_names, reason = "a reaper has reaped when its reaping is over")]

use std::sync::Arc;
use std::time::Duration;

use nonblock::sleepable;
use nonblock_mm::oom::{ReapOutcome, Reaper, ReaperStats};
use nonblock_tests::process;
use nonblock_tests::victim::{MIB, Stubborn, victim};

const SHORT: Duration = Duration::from_millis(2);

#[test]
fn a_report_names_what_held_the_victim_and_how_often() {
    sleepable(|cx| {
        let browser = victim("browser", 1, cx);
        let [refused, panics, late] = [(); 3].map(|()| {
            let range = browser.map(MIB, cx).unwrap();
            browser.touch(&range, cx).unwrap();
            range
        });
        let faulty = Stubborn::panicking_within(panics, 9);
        let space = browser.space();
        let _refuses = space.subscribe(Stubborn::refusing_within(refused, u32::MAX), cx);
        let _panics = space.subscribe(faulty, cx);
        let _is_late = space.subscribe(Stubborn::refusing_within(late, 1), cx);
        let reaper = Reaper::builder().tries(3).interval(SHORT).on_event(|_| {}).spawn().unwrap();
        let reaped = reaper.reap(Arc::clone(&browser)).wait(cx);
        reaper.shutdown(cx);

        assert_eq!((reaped.outcome, reaped.name.as_str()), (ReapOutcome::GivenUp, "browser"));
        let held = |range| *reaped.held.iter().find(|held| held.range == range).unwrap();
        assert_eq!(reaped.held.len(), 3);
        assert_eq!(
            (held(refused).refusals, held(refused).panics, held(refused).taken),
            (3, 0, false)
        );
        assert_eq!((held(panics).refusals, held(panics).panics, held(panics).taken), (0, 3, false));
        assert_eq!((held(late).refusals, held(late).panics, held(late).taken), (1, 0, true));

        let report = reaped.to_string();
        let mut lines: Vec<_> = report.lines().collect();
        let (pid, first) = (std::process::id(), lines.remove(0));
        let start = format!(
            "oom_reaper: unable to reap pid:{pid} (browser), now anon-rss:2048kB, before:4096kB, after 3 tries in "
        );
        assert!(first.starts_with(&start), "{report}");
        let mut expected = [
            (refused, "refused by a driver 3 times"),
            (panics, "a driver panicked 3 times"),
            (late, "refused by a driver 1 time; taken in the end"),
        ];
        expected.sort_by_key(|(range, _)| range.start());
        assert_eq!(lines, expected.map(|(range, text)| format!("  {range}: {text}")));
    });
}

#[test]
fn a_victim_that_yields_is_reported_in_one_line() {
    sleepable(|cx| {
        let reaper = Reaper::builder().interval(SHORT).spawn().unwrap();
        let editor = victim("editor", 2, cx);
        let _refuses = editor.space().subscribe(Stubborn::refusing(1), cx).unwrap();
        let reaped = reaper.reap(editor).wait(cx);
        reaper.shutdown(cx);
        let (report, pid) = (reaped.to_string(), std::process::id());
        let start = format!(
            "oom_reaper: reaped process {pid} (editor), now anon-rss:0kB, before:2048kB, after 2 tries in 0."
        );
        assert!(report.starts_with(&start) && report.lines().count() == 1, "{report}");
        // What held it for a while is known all the same.
        assert_eq!((reaped.held.len(), reaped.held[0].taken), (1, true));
    });
}

/// If nobody watches, the report goes to standard error, as Linux writes it to its log.
#[test]
fn a_victim_that_is_given_up_is_reported_on_standard_error() {
    let name = "a_victim_that_is_given_up_is_reported_on_standard_error";
    let outcome = process::own(name, &[], || {
        sleepable(|cx| {
            for watched in [true, false] {
                let reaper = Reaper::builder().tries(2).interval(SHORT);
                let reaper = if watched { reaper.on_event(|_| {}) } else { reaper };
                let reaper = reaper.spawn().unwrap();
                for lock in [true, false] {
                    let name = format!("{watched} {lock}");
                    let victim = victim(&name, 1, cx);
                    let guard = lock.then(|| victim.lock(cx));
                    let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
                    assert_eq!(reaped.is_complete(), !lock);
                    drop(guard);
                }
                reaper.shutdown(cx);
            }
        });
    });
    outcome.assert_success();
    let lines: Vec<_> = outcome.stderr.lines().collect();
    let [first, second] = lines[..] else { panic!("{outcome:#?}") };
    assert!(first.contains("unable to reap pid:") && first.contains("(false true)"), "{first}");
    assert_eq!(second, "  the memory lock was held 2 times");
}

#[test]
fn everything_is_counted() {
    sleepable(|cx| {
        let reaper = Reaper::builder().tries(2).interval(SHORT).on_event(|_| {}).spawn().unwrap();
        assert_eq!(reaper.stats(), ReaperStats::default());

        assert!(reaper.reap(victim("easy", 2, cx)).wait(cx).is_complete());
        let refuses = victim("refuses", 1, cx);
        let _refuses = refuses.space().subscribe(Stubborn::refusing(1), cx).unwrap();
        assert!(reaper.reap(refuses).wait(cx).is_complete());
        let panics = victim("panics", 1, cx);
        let faulty = Stubborn::panicking_within(panics.ranges()[0], 2);
        let _panics = panics.space().subscribe(faulty, cx).unwrap();
        assert_eq!(reaper.reap(panics).wait(cx).outcome, ReapOutcome::GivenUp);
        let locked = victim("locked", 1, cx);
        let guard = locked.lock(cx);
        assert_eq!(reaper.reap(Arc::clone(&locked)).wait(cx).outcome, ReapOutcome::GivenUp);
        drop(guard);

        let stats = reaper.stats();
        assert_eq!((stats.victims, stats.complete, stats.given_up, stats.cancelled), (4, 2, 2, 0));
        assert_eq!((stats.attempts, stats.busy, stats.refusals), (7, 2, 1));
        assert_eq!((stats.panics, stats.failures, stats.waiting()), (2, 0, 0));
        assert_eq!(stats.reclaimed, 3 * MIB as u64);
        assert!(!stats.time.is_zero());
        let start = "victims: 4 (2 reaped, 2 given up, 0 called off), tries: 7 (2 busy), refusals: 1, panics: 2, \
                     failures: 0, reclaimed: 3072kB in ";
        assert!(stats.to_string().starts_with(start), "{stats}");
        reaper.shutdown(cx);
    });
}
