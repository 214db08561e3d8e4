//! The ring beneath channels and queues, where its positions wrap around, with items of all sizes, and with items that are dropped.
//!
//! The library's file is compiled here a second time, over the atomics of the standard library.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "a part of the library is used")]

extern crate alloc;

/// Not padded: nobody measures it here.
mod cache_padded {
    pub struct CachePadded<T>(pub T);

    impl<T> CachePadded<T> {
        pub const fn new(value: T) -> Self {
            Self(value)
        }
    }

    impl<T> std::ops::Deref for CachePadded<T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0
        }
    }
}

/// What the file uses of the library.
mod primitive {
    pub use std::sync::atomic::{AtomicUsize, Ordering};

    pub const LOOKS_AT_A_HALF_DONE_SLOT: usize = 4;

    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[path = "../../nonblock/src/mpmc_ring.rs"]
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::multiple_unsafe_ops_per_block,
    reason = "the library's own lints look at it where it is at home"
)]
mod mpmc_ring;

use std::collections::VecDeque;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mpmc_ring::{Empty, MpmcRing, NoRoom};
use proptest::prelude::*;

const CAPACITIES: [usize; 5] = [1, 2, 3, 5, 64];

/// The last lap before the positions of a ring of this capacity begin from 0 again.
fn last_lap(capacity: usize) -> usize {
    let one_lap = (capacity + 1).next_power_of_two() * 2;
    usize::MAX / one_lap
}

/// An item with a number, if it has room for one.
trait Item: Debug + PartialEq {
    fn of(number: u64) -> Self;
}

impl Item for () {
    fn of(_: u64) {}
}

impl Item for u64 {
    fn of(number: u64) -> Self {
        number
    }
}

impl Item for Box<u64> {
    fn of(number: u64) -> Self {
        Self::new(number)
    }
}

impl Item for [u64; 600] {
    fn of(number: u64) -> Self {
        [number; 600]
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push,
    Pop,
    Close,
}

/// Does the same to a ring and to a list.
fn compare<T: Item>(capacity: usize, lap: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let ring = MpmcRing::starting_at_lap(capacity, lap);
    let (mut list, mut closed) = (VecDeque::new(), false);
    let (mut pushed, mut popped) = (0, 0_usize);
    // The ends of the ring so far, each with how many were pushed before it.
    let mut ends = vec![(ring.end(), 0)];
    let (pushed_before, popped_before) = (ring.pushed(), ring.popped());
    for step in steps {
        match step {
            Step::Push => {
                let reason = match (closed, list.len() == capacity) {
                    (true, _) => Some(NoRoom::Closed),
                    (false, true) => Some(NoRoom::Full),
                    (false, false) => None,
                };
                match (ring.push(T::of(pushed)), reason) {
                    (Ok(position), None) => {
                        list.push_back(pushed);
                        pushed += 1;
                        let (held, first) = ring.held_up_to(position);
                        prop_assert_eq!(held, list.len());
                        prop_assert_eq!(ring.position_after(first, list.len() - 1), position);
                    }
                    (Err((item, found)), Some(reason)) => {
                        prop_assert_eq!(item, T::of(pushed));
                        prop_assert_eq!(found, reason);
                    }
                    (found, reason) => prop_assert!(false, "{:?} for {:?}", found, reason),
                }
            }
            Step::Pop => {
                let nothing = if closed { Empty::Closed } else { Empty::Now };
                let expected = list.pop_front().ok_or(nothing);
                popped += usize::from(expected.is_ok());
                prop_assert_eq!(ring.pop(), expected.map(T::of));
            }
            Step::Close => {
                prop_assert_eq!(ring.close(), !closed);
                closed = true;
            }
        }
        ends.push((ring.end(), usize::try_from(pushed).expect("they are few")));
        for (end, pushed) in &ends {
            prop_assert_eq!(ring.is_popped_up_to(*end), popped >= *pushed);
        }
        prop_assert_eq!(ring.len(), list.len());
        prop_assert_eq!(ring.is_empty(), list.is_empty());
        prop_assert_eq!(ring.is_full(), list.len() == capacity);
        prop_assert_eq!(ring.is_closed(), closed);
        let nothing = if closed { Empty::Closed } else { Empty::Now };
        prop_assert_eq!(ring.emptiness(), list.is_empty().then_some(nothing));
        // They count from the start only until the positions wrap around.
        let until_they_wrap = (last_lap(capacity) - lap + 1).saturating_mul(capacity);
        let count = usize::try_from(pushed).expect("they are few");
        if count < until_they_wrap {
            prop_assert_eq!(ring.pushed() - pushed_before, count);
            prop_assert_eq!(ring.popped() - popped_before, popped);
        }
    }
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = |pushes| prop_oneof![pushes => Just(Step::Push), 50u32 => Just(Step::Pop)];
    // Long runs of each, so that large rings fill and empty too. Closed late, if at all.
    let runs = prop::collection::vec(
        (prop_oneof![Just(10u32), Just(50), Just(300)])
            .prop_flat_map(move |pushes| prop::collection::vec(step(pushes), 0..100)),
        0..5,
    );
    (runs, any::<bool>(), prop::collection::vec(step(50), 0..30)).prop_map(
        |(runs, closes, rest)| {
            let mut steps = runs.concat();
            if closes {
                steps.extend([Step::Close].iter().chain(&rest).chain(&[Step::Close]));
            }
            steps
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ring_is_a_list_where_its_positions_wrap_around(steps in steps(), laps in 0usize..4) {
        for capacity in CAPACITIES {
            compare::<u64>(capacity, last_lap(capacity) - laps, &steps)?;
        }
    }

    #[test]
    fn a_ring_is_a_list_from_its_start(steps in steps()) {
        for capacity in CAPACITIES {
            compare::<Box<u64>>(capacity, 0, &steps)?;
        }
    }

    #[test]
    fn a_ring_takes_items_without_a_size_and_large_ones(steps in steps(), laps in 0usize..4) {
        for capacity in CAPACITIES {
            compare::<()>(capacity, last_lap(capacity) - laps, &steps)?;
        }
        for capacity in [1, 3] {
            compare::<[u64; 600]>(capacity, last_lap(capacity) - laps, &steps)?;
        }
    }
}

/// Threads that push and pop across the wrap lose nothing, double nothing, and keep the order of each producer.
#[test]
fn threads_go_on_where_the_positions_wrap_around() {
    const ITEMS: usize = 2000;
    for capacity in CAPACITIES {
        let ring = MpmcRing::starting_at_lap(capacity, last_lap(capacity) - 50);
        let mut received: Vec<(usize, usize)> = thread::scope(|scope| {
            for producer in 0..2 {
                let ring = &ring;
                scope.spawn(move || {
                    for n in 0..ITEMS {
                        let mut item = (producer, n);
                        while let Err((back, reason)) = ring.push(item) {
                            assert_ne!(reason, NoRoom::Closed);
                            item = back;
                            thread::yield_now();
                        }
                    }
                });
            }
            let consumers = [(); 2].map(|()| {
                scope.spawn(|| {
                    let mut received = Vec::new();
                    while received.len() < ITEMS {
                        match ring.pop() {
                            Ok(item) => received.push(item),
                            Err(_) => thread::yield_now(),
                        }
                    }
                    for producer in 0..2 {
                        assert!(received.iter().filter(|item| item.0 == producer).is_sorted());
                    }
                    received
                })
            });
            consumers.map(|consumer| consumer.join().expect("it does not panic")).concat()
        });
        received.sort_unstable();
        let sent = (0..2).flat_map(|producer| (0..ITEMS).map(move |n| (producer, n)));
        assert!(received.into_iter().eq(sent), "capacity {capacity}");
        assert!(ring.is_empty());
    }
}

/// Counts its drops, and panics at one of them.
struct Counted {
    drops: Arc<AtomicUsize>,
    panics: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "this item panics");
    }
}

#[test]
fn each_item_is_dropped_once_also_where_the_positions_wrap_around() {
    for capacity in CAPACITIES {
        let drops = Arc::new(AtomicUsize::new(0));
        let item = || Counted { drops: Arc::clone(&drops), panics: false };
        let ring = MpmcRing::starting_at_lap(capacity, last_lap(capacity));
        // The head stands at the last place of the last lap, and the tail wraps around.
        for _ in 1..capacity {
            assert!(ring.push(item()).is_ok());
            drop(ring.pop());
        }
        assert_eq!(drops.load(Ordering::Relaxed), capacity - 1);
        for _ in 0..capacity {
            assert!(ring.push(item()).is_ok());
        }
        drop(ring.push(item()));
        assert_eq!(drops.load(Ordering::Relaxed), capacity);
        drop(ring);
        assert_eq!(drops.load(Ordering::Relaxed), 2 * capacity);
    }
}

#[test]
fn an_item_that_panics_keeps_none_from_being_dropped() {
    for panicking in 0..5 {
        let drops = Arc::new(AtomicUsize::new(0));
        let ring = MpmcRing::with_capacity(5);
        for n in 0..5 {
            let item = Counted { drops: Arc::clone(&drops), panics: n == panicking };
            assert!(ring.push(item).is_ok());
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(ring)));
        assert!(dropped.is_err());
        assert_eq!(drops.load(Ordering::Relaxed), 5);
    }
}
