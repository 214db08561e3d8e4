//! The variable `NONBLOCK_LOCKDEP`: what it asks for, and what becomes of a value that is wrong.

#![cfg(target_os = "linux")]

use std::ffi::OsString;

use nonblock::lockdep::{Class, statistics};
use nonblock::{raw, sleepable, stats};
use nonblock_tests::process::{self, Outcome};

/// Runs the body in a process of its own with this value.
fn with(test: &str, value: &str, body: impl FnOnce()) -> Outcome {
    let warn = ("NONBLOCK", OsString::from("warn"));
    process::own(test, &[("NONBLOCK_LOCKDEP", OsString::from(value)), warn], body)
}

/// Writes a file of suppressions, unless this is the child. Returns its path, which both have.
fn file(name: &str, text: &str) -> String {
    let path = format!("{}/lockdep-{name}", env!("CARGO_TARGET_TMPDIR"));
    if std::env::var_os("NONBLOCK_LOCKDEP").is_none() {
        std::fs::write(&path, text).unwrap();
    }
    path
}

/// Takes two in both orders.
fn circle(one: &'static str, other: &'static str) {
    let (one, other) = (Class::new(one), Class::new(other));
    for (first, second) in [(&one, &other), (&other, &one)] {
        let _first = first.acquire();
        drop(second.acquire());
    }
}

#[test]
fn suppressions_hold_from_the_first_circle_on_and_statistics_are_written_at_the_end() {
    let test = "suppressions_hold_from_the_first_circle_on_and_statistics_are_written_at_the_end";
    let path = file("list", "# ours\n\nclass:legacy* old code\nclass:unused never\n");
    let outcome = with(test, &format!("stats, suppressions={path}"), || {
        circle("legacy journal", "table");
        assert_eq!(stats().total(), 0);
        circle("journal", "other table");
        assert_eq!(stats().total(), 1);
        assert_eq!(statistics().suppressions().count(), 2);
    });
    outcome.assert_success();
    let errors = &outcome.stderr;
    let counted =
        "nonblock: what lockdep has seen\n  4 of 16384 classes, 4 of 131072 dependencies\n";
    assert!(errors.contains(counted), "{errors}");
    assert!(errors.contains("\n  suppressed 1 time(s): class:legacy* old code\n"), "{errors}");
    assert!(errors.contains("\n  suppression that nothing used: class:unused never\n"), "{errors}");
}

#[test]
fn suppressions_hold_where_a_section_looks_first() {
    let test = "suppressions_hold_where_a_section_looks_first";
    let path = file("section", "class:legacy* old code\n");
    with(test, &format!("suppressions={path}"), || {
        raw::non_block_start();
        circle("legacy journal", "table");
        raw::non_block_end();
        assert_eq!(stats().total(), 0);
    })
    .assert_success();
}

#[test]
fn a_root_is_enough_for_statistics_and_without_the_word_none_are_written() {
    let test = "a_root_is_enough_for_statistics_and_without_the_word_none_are_written";
    for (value, is_written) in [("stats", true), ("", false), (" , ", false)] {
        let outcome = with(test, value, || sleepable(|_cx| {}));
        outcome.assert_success();
        let errors = &outcome.stderr;
        assert_eq!(errors.contains("what lockdep has seen"), is_written, "{value}: {errors}");
        assert_eq!(errors.lines().count(), if is_written { 2 } else { 0 }, "{value}: {errors}");
    }
}

#[test]
fn a_wrong_value_is_named_once_and_the_program_goes_on() {
    let test = "a_wrong_value_is_named_once_and_the_program_goes_on";
    let malformed = file("malformed", "# a comment\n\nclass:x\n");
    for (value, named) in [
        ("statistics", "`statistics` is unknown: expected some of `suppressions=FILE`, `stats`"),
        ("stats=yes", "`stats=yes` is unknown"),
        ("suppressions", "`suppressions` is unknown"),
        ("stats,suppressions=/nowhere/x", "the file of suppressions /nowhere/x cannot be read: No"),
        ("suppressions=/", "the file of suppressions / cannot be read"),
        (&format!("suppressions={malformed}"), "line 3: `class:x`: a suppression without a reason"),
    ] {
        let outcome = with(test, value, || {
            sleepable(|_cx| {});
            std::thread::spawn(|| sleepable(|_cx| {})).join().unwrap();
            circle("journal", "table");
            assert_eq!(stats().total(), 1);
        });
        outcome.assert_success();
        let line = outcome.stderr.lines().next().unwrap_or_default();
        let is_clear = line.starts_with("nonblock: NONBLOCK_LOCKDEP: ") && line.contains(named);
        assert!(is_clear && line.ends_with("; the variable is ignored"), "{value}: {outcome:#?}");
        assert_eq!(outcome.stderr.matches("NONBLOCK_LOCKDEP").count(), 1, "{value}: {outcome:#?}");
        assert!(!outcome.stderr.contains("what lockdep has seen"), "{value}: {outcome:#?}");
    }
}
