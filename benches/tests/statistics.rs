//! Figures that are known beforehand, and rounds that are counted.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use benches::goal::Bound;
use benches::results::Build;
use benches::results::Series;
use benches::sampling::{Effort, measure, without_times};
use benches::statistics::{Summary, exponent, median};
use benches::{Goal, Plan, counting, each};

fn points(growth: fn(f64) -> f64) -> Vec<(f64, f64)> {
    [10.0, 100.0, 1_000.0, 10_000.0].map(|size| (size, growth(size))).to_vec()
}

#[test]
fn the_exponent_tells_constant_linear_and_quadratic_growth() {
    let fitted = |growth| exponent(&points(growth)).expect("there are four sizes");
    assert!(fitted(|_| 7.0).abs() < 1e-9);
    assert!((fitted(|size| 3.0 * size) - 1.0).abs() < 1e-9);
    assert!((fitted(|size| 0.5 * size * size) - 2.0).abs() < 1e-9);
    let logarithmic = fitted(f64::ln);
    assert!(logarithmic > 0.05 && logarithmic < 0.5, "{logarithmic}");
    assert_eq!(exponent(&[(10.0, 1.0)]), None);
}

#[test]
fn a_summary_has_the_median_between_its_quartiles() {
    let summary = Summary::of(&[5.0, 1.0, 4.0, 2.0, 3.0]);
    assert!((summary.median - 3.0).abs() < 1e-9);
    assert!(summary.lower < summary.median && summary.median < summary.upper, "{summary:?}");
    assert!((median(&[1.0, 2.0, 4.0, 100.0]) - 3.0).abs() < 1e-9);
}

fn series(nanoseconds: &[f64]) -> Series {
    Series {
        name: String::new(),
        ours: false,
        nanoseconds: nanoseconds.to_vec(),
        instructions: None,
    }
}

#[test]
fn the_ratio_by_round_does_not_see_a_machine_that_slows_down() {
    // Twice the time in every round, in rounds that are ever slower.
    let other = series(&[1.0, 2.0, 4.0, 8.0, 16.0]);
    let own = series(&[2.0, 4.0, 8.0, 16.0, 32.0]);
    let ratio = own.ratio(&other);
    assert!((ratio.by_round.median - 2.0).abs() < 1e-9);
    assert!((ratio.by_round.upper - ratio.by_round.lower).abs() < 1e-9);
}

#[test]
fn goals_are_kept_to_the_bound_and_not_beyond() {
    assert!(Bound::TimeAtMost(1.2).met_by(1.2) && !Bound::TimeAtMost(1.2).met_by(1.21));
    assert!(Bound::FasterBy(5.0).met_by(5.0) && !Bound::FasterBy(5.0).met_by(4.9));
    assert!(Bound::InstructionsMore(2.0).met_by(2.0) && !Bound::InstructionsMore(2.0).met_by(3.0));
}

#[test]
fn a_goal_against_several_is_held_to_the_best_of_them() {
    let at_most = Goal::at_most_the_best(1.0, "own", &["slow", "fast"]);
    assert_eq!(at_most.words(), "own: at most 1 times the better of slow and fast");
    // Half the time of one, and twice that of the other.
    assert_eq!(at_most.worst(&[0.5, 2.0]), Some(2.0));
    assert_eq!(Goal::at_most(1.0, "own", "other").worst(&[0.5]), Some(0.5));
    assert_eq!(Goal::faster(2.0, "own", "other").worst(&[3.0, 1.5]), Some(1.5));
    assert_eq!(at_most.worst(&[]), None);
    let of_three = Goal::at_most_the_best(1.2, "own", &["a", "b", "c"]);
    assert_eq!(of_three.words(), "own: at most 1.2 times the best of a, b and c");
}

#[test]
fn every_round_runs_every_rival_once_in_no_fixed_order() {
    let calls = Rc::new(RefCell::new(Vec::new()));
    let mut plan = Plan::default();
    plan.group("three", "Three rivals", |group| {
        for name in ["a", "b", "c"] {
            let calls = Rc::clone(&calls);
            group.rival(name, move || {
                let calls = Rc::clone(&calls);
                move |_times| {
                    calls.borrow_mut().push(name);
                    Duration::from_millis(1)
                }
            });
        }
        group.goal(Goal::at_most(1.0, "a", "b"));
    });
    let effort = Effort { rounds: 20, sample: Duration::from_millis(1) };
    let measured = measure(plan, effort, Build::Checks);
    assert_eq!(measured.len(), 1);
    assert!(measured[0].series.iter().all(|series| series.nanoseconds.len() == 20));
    assert_eq!(measured[0].key(), "checks/three");
    // To calibrate them, each several times, and then the rounds.
    let calls = calls.borrow();
    let rounds: Vec<_> = calls[calls.len() - 60..].chunks(3).map(<[_]>::to_vec).collect();
    assert_eq!(rounds.len(), 20);
    for round in &rounds {
        let mut sorted = round.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["a", "b", "c"]);
    }
    assert!(rounds.iter().any(|round| *round != rounds[0]), "{rounds:?}");
}

#[test]
fn what_is_left_out_is_not_measured_and_what_is_counted_is_named_in_order() {
    let plan = || {
        let mut plan = Plan::default();
        plan.curve("curve", "A curve", "items", &[1, 10], |size, group| {
            group.rival("a", || each(|| ()));
            group.per(size);
            group.counted(100);
        });
        plan.group("other", "Another", |group| group.rival("a", || each(|| ())));
        plan
    };
    let mut some = plan();
    some.only(&["curve".to_owned()]);
    assert_eq!(some.ids(), ["curve/1", "curve/10"]);
    let counted: Vec<_> = counting::run(&some)
        .into_iter()
        .map(|counted| (counted.group, counted.times, counted.per))
        .collect();
    let named = |group: &str, times, per| (group.to_owned(), times, per);
    assert_eq!(
        counted,
        [named("", 1000, 1.0), named("curve/1", 100, 1.0), named("curve/10", 100, 10.0)]
    );
    let planned = without_times(plan(), Build::Plain);
    assert_eq!(planned.len(), 3);
    assert!(planned.iter().all(|group| group.series[0].nanoseconds.is_empty()));
}
