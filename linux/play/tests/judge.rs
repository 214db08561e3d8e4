//! What the judge says of logs: one in which all is as it should be, and each way in which one is not.

use std::process::Command;
use std::time::Duration;

use linux_play::guest;
use linux_play::judge::{Judged, judge};
use linux_play::log::Log;
use linux_play::rows::{Check, PLAYS, ROWS};

/// A line of the kernel's console.
fn line(text: &str) -> String {
    format!("[   12.345678][    T1] {text}\r\n")
}

/// What a play notes and provokes when all is as it should be: just that which its rows ask for.
fn expected_play(name: &str) -> String {
    let mut text = line(&format!("nonblock-play: begin {name}"));
    for row in ROWS.iter().filter(|row| row.play == name) {
        for check in row.checks {
            text += &match check {
                Check::Is(key, value) | Check::AtLeast(key, value) => {
                    line(&format!("nonblock-play: {name} {key}={value}"))
                }
                Check::Same(key, _) => line(&format!("nonblock-play: {name} {key}=1")),
                Check::Says(words) => line(&words.join("…")),
                Check::Never(_) => String::new(),
            };
        }
    }
    text + &line(&format!("nonblock-play: end {name}"))
}

/// A whole log in which all is as it should be.
fn expected() -> String {
    let plays: String = PLAYS.iter().map(|play| expected_play(play.name)).collect();
    line("Linux version 6.12")
        + &plays
        + &line("nonblock-play: done")
        + &line("reboot: Restarting system")
}

fn rows(log: &str) -> Vec<Judged> {
    judge(&Log::read(log.as_bytes()), &|_| true)
}

fn row(log: &str, name: &str) -> Judged {
    rows(log).into_iter().find(|row| row.name == name).expect("there is a row of that name")
}

/// The names of the rows that are not as they should be.
fn not_ok(log: &str) -> Vec<String> {
    rows(log).into_iter().filter(|row| !row.is_ok).map(|row| row.name).collect()
}

#[test]
fn a_log_with_all_that_is_expected_is_ok() {
    let bad: Vec<_> = rows(&expected()).into_iter().filter(|row| !row.is_ok).collect();
    assert_eq!(bad, Vec::<Judged>::new());
}

#[test]
fn every_row_has_a_play_and_asks_for_something() {
    for row in &ROWS {
        assert!(PLAYS.iter().any(|play| play.name == row.play), "{}", row.name);
        assert!(!row.checks.is_empty(), "{}", row.name);
    }
    for play in &PLAYS {
        assert!(ROWS.iter().any(|row| row.play == play.name), "nobody looks at {}", play.name);
    }
}

/// Each thing that a row asks for is taken away once: then the row, and no other play's, is not ok.
#[test]
fn a_log_without_one_of_the_expected_things_is_not_ok() {
    for checked in &ROWS {
        for check in checked.checks {
            let gone = match check {
                Check::Is(key, value) | Check::AtLeast(key, value) => {
                    line(&format!("nonblock-play: {} {key}={value}", checked.play))
                }
                Check::Same(key, _) => line(&format!("nonblock-play: {} {key}=1", checked.play)),
                Check::Says(words) => line(&words.join("…")),
                Check::Never(_) => continue,
            };
            let play = expected_play(checked.play);
            let log = expected().replace(&play, &play.replace(&gone, ""));
            assert!(!row(&log, checked.name).is_ok, "{}: {check:?}", checked.name);
            for other in not_ok(&log) {
                let play = ROWS.iter().find(|row| row.name == other).map(|row| row.play);
                assert_eq!(play, Some(checked.play), "{other} is none of its matter");
            }
        }
    }
}

#[test]
fn a_number_that_is_too_small_or_is_none_is_not_ok() {
    for wrong in ["retries=0", "retries=-1", "retries=many", "retries="] {
        let log = expected().replace("retries=1", wrong);
        let row = row(&log, "read-retry");
        assert!(!row.is_ok && row.seen.contains(&format!("{wrong} (!)")), "{row:?}");
    }
}

#[test]
fn work_that_is_lost_on_the_way_is_not_ok() {
    let log = expected().replace("work_pushed=1", "work_pushed=3");
    let row = row(&log, "work");
    assert!(!row.is_ok && row.seen.contains("work_done=1 (!)"), "{row:?}");
}

#[test]
fn a_play_without_a_begin_is_not_ok() {
    let log = expected().replace(&line("nonblock-play: begin oom"), "");
    assert_eq!(not_ok(&log), ["oom-list", "oom-interval"]);
    assert!(row(&log, "oom-list").seen.contains("did not begin the play 'oom'"));
}

#[test]
fn a_play_that_fails_says_why() {
    let end = line("nonblock-play: end mirror");
    let error = line("nonblock-play: mirror error=\"FAULT: Bad address (os error 14)\"");
    let log = expected().replace(&end, &(error + &end));
    assert_eq!(not_ok(&log), ["mirror"]);
    assert!(row(&log, "mirror").seen.contains("FAULT: Bad address (os error 14)"));
}

#[test]
fn a_panic_of_the_kernel_ends_the_play_that_it_is_in_and_all_later_ones() {
    let log = expected();
    let (before, _) =
        log.split_once(&line("nonblock-play: end oom")).expect("there is such a play");
    let log =
        before.to_owned() + &line("Kernel panic - not syncing: System is deadlocked on memory");
    assert_eq!(
        not_ok(&log),
        ["oom-list", "oom-interval", "read-retry", "unload", "lockdep", "silent"]
    );
    assert!(row(&log, "oom-list").seen.contains("did not end. Its last line: Kernel panic"));
    assert!(row(&log, "silent").seen.contains("never said that it was done"));
}

#[test]
fn a_guest_that_says_nothing_at_all_is_not_ok() {
    assert_eq!(not_ok("").len(), ROWS.len() + 1);
    assert_eq!(not_ok("\u{fffd}\0garbage").len(), ROWS.len() + 1);
}

#[test]
fn a_splat_that_nobody_planted_is_not_silent() {
    for splat in [
        "WARNING: possible circular locking dependency detected",
        "WARNING: CPU: 0 PID: 1 at mm/mmu_notifier.c:444",
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "INFO: task init:1 blocked for more than 120 seconds.",
        "kernel BUG at mm/slub.c:4000!",
        "BUG: scheduling in a non-blocking section: init/1/1",
    ] {
        for place in [
            "nonblock-play: begin pressure",
            "nonblock-play: begin plain-interval",
            "Linux version 6.12",
        ] {
            let log = expected().replace(&line(place), &(line(place) + &line(splat)));
            let row = row(&log, "silent");
            assert!(!row.is_ok && row.seen.contains(splat), "{splat} after {place}: {row:?}");
        }
    }
}

#[test]
fn a_splat_of_another_kind_in_a_play_with_a_planted_fault_is_not_silent() {
    let place = line("nonblock-play: begin untyped-list-msleep");
    let splat = line("WARNING: possible recursive locking detected");
    let log = expected().replace(&place, &(place.clone() + &splat));
    assert_eq!(not_ok(&log), ["silent"]);
    let again = line("BUG: scheduling in a non-blocking section: init/1/1");
    let log = expected().replace(&place, &(place.clone() + &again));
    assert_eq!(not_ok(&log), Vec::<String>::new());
}

#[test]
fn a_report_where_linux_makes_none_is_not_ok() {
    let place = line("nonblock-play: begin plain-interval");
    let report = line("BUG: scheduling in a non-blocking section: init/1/1");
    let log = expected().replace(&place, &(place.clone() + &report));
    assert_eq!(not_ok(&log), ["plain-interval", "silent"]);
}

#[test]
fn a_report_in_another_play_is_none_of_this_one() {
    let report = line("BUG: scheduling in a non-blocking section: ");
    let begin = line("nonblock-play: begin untyped-list-msleep");
    let play = expected_play("untyped-list-msleep");
    let without = play.replace(&report, "");
    let log = expected().replace(&play, &(report + &without));
    assert!(log.contains(&begin));
    assert_eq!(not_ok(&log), ["untyped-list-msleep", "silent"]);
}

#[test]
fn only_the_rows_that_are_wanted_are_judged() {
    let log = Log::read(expected().as_bytes());
    let names: Vec<_> = judge(&log, &|row| row == "work").into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["work", "silent"]);
}

#[test]
fn values_in_quotes_hold_spaces_and_marks_of_time_are_left_out() {
    let log = Log::read(
        b"[    0.1] nonblock-play: begin x\n[    0.2][ T1] nonblock-play: x a=1 b=\"two words\" c=3\n[not a time] text\n",
    );
    let play = log.play("x").expect("it has begun");
    let values: Vec<_> =
        play.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(values, [("a", "1"), ("b", "two words"), ("c", "3")]);
    assert_eq!(log.lines[2], "[not a time] text");
    assert!(!play.has_ended);
}

#[test]
fn a_guest_that_never_ends_is_stopped_and_the_play_that_it_is_in_is_not_ok() {
    let mut child = Command::new("sleep").arg("600").spawn().expect("there is such a program");
    assert_eq!(guest::wait(&mut child, Duration::from_millis(100)), Ok(None));
    assert!(child.try_wait().expect("it is our child").is_some(), "it is gone");
    let mut child = Command::new("false").spawn().expect("there is such a program");
    let status = guest::wait(&mut child, Duration::from_mins(1)).expect("it can be waited for");
    assert!(status.is_some_and(|status| !status.success()));

    let log = expected();
    let end = line("nonblock-play: end pressure");
    let (before, _) = log.split_once(&end).expect("there is such a play");
    assert_eq!(not_ok(before), ["read-retry", "unload", "lockdep", "silent"]);
}
