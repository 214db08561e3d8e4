//! Reserves: objects taken and given back without allocating, waited for, lost and made anew.

use std::ops::DerefMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::testing::violations;
use nonblock::{
    Context, Reserve, Reserved, Sleepable, WouldBlock, non_block, raw, sleepable, thread,
};
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

const SHORT: Duration = Duration::from_millis(20);

/// A reserve of objects that are numbered in the order of their making.
fn numbered(capacity: usize) -> Reserve<usize> {
    let made = AtomicUsize::new(0);
    Reserve::with_capacity(capacity, move || made.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn all_objects_are_made_beforehand() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let reserve = Reserve::with_capacity(3, move || count.fetch_add(1, Ordering::Relaxed));
    assert_eq!(made.load(Ordering::Relaxed), 3);
    assert_eq!((reserve.free(), reserve.capacity()), (3, 3));
    non_block(|_nb| drop(reserve.take()));
    assert_eq!(made.load(Ordering::Relaxed), 3);
}

#[test]
#[should_panic(expected = "a reserve of 0 objects has none to give: expected at least 1")]
fn a_reserve_of_nothing_is_refused() {
    let _ = Reserve::with_capacity(0, || ());
}

#[test]
fn an_object_is_given_back_as_it_was_left() {
    let reserve = Reserve::with_capacity(1, Vec::new);
    non_block(|_nb| {
        let mut list = reserve.take().expect("it is free");
        assert!(reserve.take().is_none());
        list.push(5);
        list.deref_mut().push(6);
        assert_eq!(format!("{list:?} {}", list.len()), "[5, 6] 2");
    });
    assert_eq!(*reserve.take().expect("it was given back"), [5, 6]);
}

#[test]
fn it_counts() {
    let reserve = numbered(3);
    let (a, b) = (reserve.take(), reserve.take());
    drop(a);
    drop(reserve.take());
    let c = (reserve.take(), reserve.take());
    assert!(c.1.is_some() && reserve.take().is_none());
    let lost = b.expect("there were three").into_inner();
    assert_eq!(lost, 1);
    let stats = reserve.stats();
    assert_eq!((stats.capacity, stats.free, stats.missing), (3, 0, 1));
    assert_eq!((stats.taken, stats.refused, stats.lowest), (5, 1, 0));
    assert_eq!(
        stats.to_string(),
        "free: 0 of 3 (lowest 0), lent: 2, missing: 1, taken: 5, refused: 1"
    );
    assert_eq!(format!("{reserve:?}"), "Reserve { free: 0, capacity: 3, .. }");
}

#[test]
fn what_is_taken_for_good_is_missed_until_it_is_made_anew() {
    let reserve = numbered(2);
    let kept = reserve.take().expect("it is free").into_inner();
    assert_eq!((kept, reserve.free(), reserve.stats().missing), (0, 1, 1));
    sleepable(|cx| {
        assert_eq!(reserve.refill(cx), 1);
        assert_eq!(reserve.refill(cx), 0);
    });
    assert_eq!((reserve.free(), reserve.stats().missing), (2, 0));
    let both = (reserve.take(), reserve.take());
    // The new one is in the place of the one that is missed.
    assert_eq!(both.0.as_deref(), Some(&2));
    assert_eq!(both.1.as_deref(), Some(&1));
}

#[test]
fn refilling_that_panics_keeps_what_was_made_and_what_is_missing() {
    let left = Arc::new(AtomicUsize::new(3));
    let reserve = Reserve::with_capacity(2, {
        let left = Arc::clone(&left);
        move || {
            let enough = |left: usize| left.checked_sub(1);
            left.try_update(Ordering::Relaxed, Ordering::Relaxed, enough).expect("none is left")
        }
    });
    for _ in 0..2 {
        reserve.take().expect("it is free").into_inner();
    }
    let refilled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sleepable(|cx| reserve.refill(cx))
    }));
    assert!(refilled.is_err());
    assert_eq!((reserve.free(), reserve.stats().missing), (1, 1));
    left.store(5, Ordering::Relaxed);
    assert_eq!(sleepable(|cx| reserve.refill(cx)), 1);
    assert_eq!((reserve.free(), reserve.stats().missing), (2, 0));
}

#[test]
fn what_is_given_back_serves_who_waits_and_is_not_made_anew() {
    let reserve = Arc::new(numbered(1));
    let sent = reserve.take().expect("it is free").into_inner();
    sleepable(|cx| {
        let waiting = thread::spawn({
            let reserve = Arc::clone(&reserve);
            move |cx| {
                let Ok(object) = reserve.take_from(cx);
                *object
            }
        });
        thread::sleep(cx, SHORT);
        assert!(!waiting.is_finished());
        assert_eq!(cx.non_block(|_nb| reserve.give(sent)), Ok(()));
        assert_eq!(waiting.join(cx).unwrap(), 0);
        assert_eq!(reserve.refill(cx), 0);
        assert_eq!(reserve.give(7), Err(7));
        assert_eq!((reserve.free(), reserve.stats().missing), (1, 0));
    });
}

#[test]
fn objects_are_dropped_once_with_the_reserve_or_with_who_has_them() {
    let object = Arc::new(());
    let reserve = Reserve::with_capacity(3, {
        let object = Arc::clone(&object);
        move || Arc::clone(&object)
    });
    let kept = reserve.take().expect("it is free").into_inner();
    drop(reserve.take());
    assert_eq!(Arc::strong_count(&object), 5); // ours, the maker's, three
    drop(reserve);
    assert_eq!(Arc::strong_count(&object), 2);
    drop(kept);
    assert_eq!(Arc::strong_count(&object), 1);
}

#[test]
fn a_sleepable_caller_waits_and_a_section_is_refused() {
    fn take<C: Context>(reserve: &Reserve<usize>, cx: &mut C) -> Result<usize, C::Refusal> {
        Ok(*reserve.take_from(cx)?)
    }

    let reserve = numbered(1);
    sleepable(|cx| {
        let Ok(held) = reserve.take_from(cx);
        assert_eq!(cx.non_block(|nb| take(&reserve, nb)), Err(WouldBlock));
        thread::scope(cx, |scope, cx| {
            let waits = scope.spawn(|cx| take(&reserve, cx));
            thread::sleep(cx, SHORT);
            assert!(!waits.is_finished());
            // A section gives it back.
            cx.non_block(|_nb| drop(held));
            assert_eq!(waits.join(cx).unwrap(), Ok(0));
        });
        assert_eq!(cx.non_block(|nb| take(&reserve, nb)), Ok(0));
    });
    // Waiting is no refusal.
    assert_eq!(reserve.stats().refused, 1);
}

#[test]
fn who_waits_is_served_by_refilling_too() {
    let reserve = numbered(1);
    reserve.take().expect("it is free").into_inner();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waits = scope.spawn(|cx| {
                let Ok(object) = reserve.take_from(cx);
                *object
            });
            thread::sleep(cx, SHORT);
            assert!(!waits.is_finished());
            assert_eq!(reserve.refill(cx), 1);
            assert_eq!(waits.join(cx).unwrap(), 1);
        });
    });
}

#[test]
fn waiting_in_a_section_is_reported() {
    let reserve = numbered(1);
    let waits: [&dyn Fn(&mut Sleepable); 2] =
        [&|cx| drop(reserve.take_from(cx)), &|cx| assert_eq!(reserve.refill(cx), 0)];
    for wait in waits {
        let found = violations(|| raw::sleepable(|cx| raw::non_block(|_nb| wait(cx))));
        let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();
        assert_eq!(kinds, [SleepInNonBlock]);
        assert!(found.iter().all(|violation| violation.location().file() == file!()));
    }
}

#[test]
fn an_object_may_be_given_back_by_another_thread() {
    let reserve = numbered(2);
    let held = reserve.take().expect("it is free");
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            scope.spawn(move |cx| cx.non_block(|_nb| drop(held)));
        });
    });
    assert_eq!(reserve.free(), 2);
}

#[test]
fn many_threads_never_share_an_object() {
    const THREADS: usize = 4;
    for capacity in [1, 2, 3] {
        let reserve = Reserve::with_capacity(capacity, || AtomicUsize::new(0));
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for thread in 0..THREADS {
                    let reserve = &reserve;
                    scope.spawn(move |cx| {
                        for round in 0..if cfg!(miri) { 12 } else { 5_000 } {
                            let object = if round % 2 == 0 {
                                let Ok(object) = reserve.take_from(cx);
                                object
                            } else if let Some(object) = reserve.take() {
                                object
                            } else {
                                continue;
                            };
                            assert_eq!(object.fetch_add(1, Ordering::Relaxed), 0);
                            assert_eq!(object.fetch_sub(1, Ordering::Relaxed), 1);
                            if (thread + round) % 64 == 0 {
                                let _ = object.into_inner();
                                reserve.refill(cx);
                            }
                        }
                    });
                }
            });
        });
        let stats = reserve.stats();
        assert_eq!((stats.free, stats.missing), (capacity, 0));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Take,
    TakeInASection,
    GiveBack(prop::sample::Index),
    Keep(prop::sample::Index),
    Refill,
    Give,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Take),
        2 => Just(Step::TakeInASection),
        4 => any::<prop::sample::Index>().prop_map(Step::GiveBack),
        1 => any::<prop::sample::Index>().prop_map(Step::Keep),
        1 => Just(Step::Refill),
        1 => Just(Step::Give),
    ];
    prop::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 8 } else { 256 },
        failure_persistence: None,
        // Under miri the other one takes longer than what is tested.
        rng_algorithm: if cfg!(miri) { RngAlgorithm::XorShift } else { RngAlgorithm::default() },
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_reserve_does_what_plain_slots_do(capacity in 1_usize..5, steps in steps()) {
        let reserve = numbered(capacity);
        // The numbers of the objects that are free, by slot, and the slots that hold nothing. The lowest slot comes first.
        let mut free: std::collections::BTreeMap<_, _> = (0..capacity).map(|n| (n, n)).collect();
        let mut empty = std::collections::BTreeSet::new();
        let mut made = capacity;
        let (mut missing, mut taken, mut refused, mut lowest) = (0, 0, 0, capacity);
        let mut held: Vec<(usize, usize, Reserved<'_, usize>)> = Vec::new();
        for step in steps {
            match step {
                Step::Take | Step::TakeInASection => {
                    let object = if matches!(step, Step::Take) {
                        reserve.take()
                    } else {
                        let mut object = None;
                        raw::non_block(|nb| object = reserve.take_from(nb).ok());
                        object
                    };
                    let expected = free.pop_first();
                    let number = expected.map(|(_, number)| number);
                    prop_assert_eq!(object.as_deref(), number.as_ref());
                    if let (Some(object), Some((slot, number))) = (object, expected) {
                        held.push((slot, number, object));
                        taken += 1;
                        lowest = lowest.min(free.len());
                    } else {
                        refused += 1;
                    }
                }
                Step::GiveBack(_) | Step::Keep(_) if held.is_empty() => {}
                Step::GiveBack(index) => {
                    let (slot, number, object) = held.swap_remove(index.index(held.len()));
                    drop(object);
                    free.insert(slot, number);
                }
                Step::Keep(index) => {
                    let (slot, number, object) = held.swap_remove(index.index(held.len()));
                    prop_assert_eq!(object.into_inner(), number);
                    empty.insert(slot);
                    missing += 1;
                }
                Step::Refill => {
                    prop_assert_eq!(sleepable(|cx| reserve.refill(cx)), missing);
                    free.extend(std::mem::take(&mut empty).into_iter().zip(made..));
                    made += std::mem::take(&mut missing);
                }
                Step::Give => {
                    // One of the caller's own, in the place of one that left.
                    let expected = if missing > 0 { Ok(()) } else { Err(usize::MAX) };
                    prop_assert_eq!(non_block(|_nb| reserve.give(usize::MAX)), expected);
                    if expected.is_ok() {
                        free.insert(empty.pop_first().unwrap(), usize::MAX);
                        missing -= 1;
                    }
                }
            }
            let stats = reserve.stats();
            prop_assert_eq!((stats.free, stats.missing), (free.len(), missing));
            prop_assert_eq!((stats.taken, stats.refused, stats.lowest), (taken, refused, lowest));
            prop_assert_eq!(stats.free + stats.missing + held.len(), stats.capacity);
        }
    }
}
