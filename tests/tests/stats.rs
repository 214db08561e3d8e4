//! The counts: by kind, by place, of permits, and of what finds no room in the tables.
//!
//! They are the process's, so each test has a process of its own.

use std::collections::HashSet;
use std::thread;

use nonblock::ViolationKind::{self, NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::{
    Permit, Policy, cant_sleep, might_sleep, non_block, permit_sleep, raw, set_policy, stats,
};
use nonblock_tests::process;

/// Runs the body in a process of its own, under the policy that only counts.
#[track_caller]
fn counting(test: &str, body: impl FnOnce()) {
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], body);
    outcome.assert_success();
}

#[test]
fn nothing_is_counted_where_nothing_was_broken() {
    counting("nothing_is_counted_where_nothing_was_broken", || {
        non_block(|_nb| cant_sleep());
        might_sleep();
        assert_eq!(stats().total(), 0);
        assert_eq!(stats().sites().count(), 0);
        assert_eq!(stats().permits().count(), 0);
        assert_eq!(stats().unlisted(), 0);
        assert_eq!(stats().unlisted_permits(), 0);
        assert_eq!(stats().to_string(), "violations: 0");
        assert!(ViolationKind::ALL.into_iter().all(|kind| stats().count(kind) == 0));
    });
}

#[test]
fn violations_are_counted_by_kind_and_place() {
    counting("violations_are_counted_by_kind_and_place", || {
        let place = std::panic::Location::caller();
        for _ in 0..3 {
            non_block(|_nb| might_sleep());
        }
        cant_sleep();
        raw::non_block_end();

        assert_eq!(stats().total(), 5);
        assert_eq!(stats().count(SleepInNonBlock), 3);
        assert_eq!(stats().count(NotInNonBlock), 1);
        assert_eq!(stats().count(UnbalancedEnd), 1);
        let mut sites: Vec<_> = stats()
            .sites()
            .map(|site| {
                assert_eq!(site.location.file(), file!());
                (site.location.line() - place.line(), site.kind, site.count)
            })
            .collect();
        sites.sort_unstable();
        assert_eq!(sites, [(2, SleepInNonBlock, 3), (4, NotInNonBlock, 1), (5, UnbalancedEnd, 1)]);
    });
}

#[test]
fn one_place_that_breaks_two_rules_is_two_sites() {
    #[track_caller]
    fn both() {
        cant_sleep();
        raw::non_block(|_nb| {});
        raw::non_block_end();
    }

    counting("one_place_that_breaks_two_rules_is_two_sites", || {
        both();
        let kinds: HashSet<_> = stats().sites().map(|site| site.kind).collect();
        assert_eq!(kinds, HashSet::from([NotInNonBlock, UnbalancedEnd]));
        let places: HashSet<_> = stats().sites().map(|site| site.location).collect();
        assert_eq!(places.len(), 1);
    });
}

#[test]
fn what_a_test_expects_is_counted_too() {
    counting("what_a_test_expects_is_counted_too", || {
        nonblock::testing::expect_violation(|| cant_sleep());
        assert_eq!(stats().count(NotInNonBlock), 1);
    });
}

#[test]
fn permits_are_counted_by_place_and_reason() {
    counting("permits_are_counted_by_place_and_reason", || {
        let place = std::panic::Location::caller();
        for reason in ["first", "second", "first"] {
            permit_sleep(reason, |_cx| {});
        }
        non_block(|_nb| permit_sleep("in a section", |_cx| {}));

        let mut permits: Vec<_> = stats()
            .permits()
            .map(|Permit { reason, location, count, .. }| {
                (location.line() - place.line(), reason, count)
            })
            .collect();
        permits.sort_unstable();
        assert_eq!(permits, [(2, "first", 2), (2, "second", 1), (4, "in a section", 1)]);
        assert_eq!(stats().total(), 0);
    });
}

#[test]
fn the_text_lists_kinds_places_and_permits() {
    counting("the_text_lists_kinds_places_and_permits", || {
        let line = line!() + 1;
        (0..2).for_each(|_| cant_sleep());
        permit_sleep("the test says so", |_cx| {});
        let text = stats().to_string();
        let lines: Vec<_> = text.lines().collect();
        let [total, kind, site, permit] = lines[..] else { panic!("{text}") };
        assert_eq!(total, "violations: 2");
        assert_eq!(kind, "  NotInNonBlock: 2");
        assert_eq!(site, format!("  at {}:{line}:29: 2 NotInNonBlock", file!()));
        let permitted = format!("  permitted at {}:{}:9: 1 (the test says so)", file!(), line + 1);
        assert_eq!(permit, permitted);
    });
}

#[test]
fn counts_add_up_over_threads() {
    counting("counts_add_up_over_threads", || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        cant_sleep();
                        permit_sleep("the test says so", |_cx| {});
                    }
                });
            }
        });
        assert_eq!(stats().count(NotInNonBlock), 4000);
        assert_eq!(stats().sites().map(|site| site.count).sum::<usize>(), 4000);
        assert_eq!(stats().permits().map(|permit| permit.count).sum::<usize>(), 4000);
    });
}

/// Breaks a rule at as many places as there are calls below: 130.
#[rustfmt::skip]
fn break_a_rule_at_130_places() {
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
    cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep(); cant_sleep();
}

#[test]
fn what_finds_no_room_is_counted_as_unlisted() {
    counting("what_finds_no_room_is_counted_as_unlisted", || {
        break_a_rule_at_130_places();
        assert_eq!(stats().count(NotInNonBlock), 130);
        assert_eq!(stats().sites().count(), 128);
        assert!(stats().sites().all(|site| site.count == 1));
        assert_eq!(stats().unlisted(), 2);

        // Known places find their slots again, the others none again.
        break_a_rule_at_130_places();
        assert_eq!(stats().count(NotInNonBlock), 260);
        assert_eq!(stats().sites().count(), 128);
        assert!(stats().sites().all(|site| site.count == 2));
        assert_eq!(stats().unlisted(), 4);
    });
}

#[test]
fn what_finds_no_room_is_acted_on_all_the_same() {
    let test = "what_finds_no_room_is_acted_on_all_the_same";
    let outcome = process::own(test, &[("NONBLOCK", "ignore".into())], || {
        // What was seen under another policy was not written yet.
        break_a_rule_at_130_places();
        set_policy(Policy::Warn);
        break_a_rule_at_130_places();
        // Of 130 places 128 were written before; the two without a slot cannot be known to have been.
        break_a_rule_at_130_places();
        let violation = nonblock::testing::expect_violation(|| cant_sleep());
        assert_eq!(violation.occurrence(), 1);
        set_policy(Policy::Panic);
        assert!(std::panic::catch_unwind(|| cant_sleep()).is_err());
    });
    outcome.assert_success();
    assert_eq!(outcome.stderr.matches("call trace:").count(), 132);
}

/// Uses a permit at as many places as there are calls below: 70.
#[rustfmt::skip]
fn use_permits_at_70_places() {
    let f = |_: &mut nonblock::Sleepable| ();
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
    permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f); permit_sleep("many", f);
}

#[test]
fn permits_that_find_no_room_are_counted_as_unlisted() {
    counting("permits_that_find_no_room_are_counted_as_unlisted", || {
        use_permits_at_70_places();
        use_permits_at_70_places();
        assert_eq!(stats().permits().count(), 64);
        assert!(stats().permits().all(|permit| permit.count == 2 && permit.reason == "many"));
        assert_eq!(stats().unlisted_permits(), 12);
    });
}
