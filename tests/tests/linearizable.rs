//! Channels and queues are first in, first out for threads that use them at the same time: every history of a few operations is one
//! that a list would have had, with each operation done at some moment between its begin and its end.
//!
//! One thing is relaxed. An operation may be told that there is nothing while a send overlaps it: the sender may have claimed the
//! first place and not filled it, and values that were sent later are behind it. In the same way there may be no room while
//! a receive overlaps it.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nonblock::non_block;
use nonblock::sync::channel::{self, Receiver, Sender};
use nonblock::work::Queue;

const THREADS: usize = 3;

/// How many operations each thread does in one history.
const TURNS: usize = 4;

/// How many histories are recorded at once.
const HISTORIES: usize = 100;

/// They are recorded until threads were at work at the same time in so many, or in some where that takes long.
const OVERLAPPING: usize = 300;
const LONG: Duration = Duration::from_secs(1);
const ROUNDS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Sent(u64),
    NoRoom,
    Received(u64),
    Nothing,
}

use Event::{NoRoom, Nothing, Received, Sent};

/// An operation, with the moments between which it was done.
#[derive(Clone, Copy, Debug)]
struct Done {
    begin: usize,
    end: usize,
    event: Event,
}

impl Done {
    fn overlaps(&self, other: &Self) -> bool {
        self.begin < other.end && other.begin < self.end
    }
}

/// A list that operations are done to one after another.
struct Model<'a> {
    history: &'a [Done],
    capacity: usize,
    /// What has turned out to lead nowhere: which operations were done, and what was in the list.
    dead_ends: HashSet<(u32, VecDeque<u64>)>,
}

impl Model<'_> {
    /// Whether the operations that are not done yet can be done in some order (Wing and Gong, 1993).
    fn can_be_done(&mut self, done: u32, list: &VecDeque<u64>) -> bool {
        let left = || self.history.iter().enumerate().filter(|(place, _)| done & (1 << place) == 0);
        let Some(first_end) = left().map(|(_, operation)| operation.end).min() else { return true };
        let next: Vec<_> = left()
            .filter(|(_, operation)| operation.begin < first_end)
            .filter_map(|(place, operation)| Some((place, self.after(operation, list)?)))
            .collect();
        if self.dead_ends.contains(&(done, list.clone())) {
            return false;
        }
        if next.iter().any(|(place, list)| self.can_be_done(done | (1 << place), list)) {
            return true;
        }
        self.dead_ends.insert((done, list.clone()));
        false
    }

    /// What is in the list after an operation, if it can be done now.
    fn after(&self, operation: &Done, list: &VecDeque<u64>) -> Option<VecDeque<u64>> {
        let mut after = list.clone();
        let half_done = |is_half: fn(Event) -> bool| {
            self.history.iter().any(|other| is_half(other.event) && operation.overlaps(other))
        };
        let fits = match operation.event {
            Sent(value) => {
                after.push_back(value);
                after.len() <= self.capacity
            }
            Received(value) => after.pop_front() == Some(value),
            NoRoom => {
                list.len() == self.capacity || half_done(|event| matches!(event, Received(_)))
            }
            Nothing => list.is_empty() || half_done(|event| matches!(event, Sent(_))),
        };
        fits.then_some(after)
    }
}

/// Whether a list that holds some values to begin with could have had this history.
fn is_linearizable(history: &[Done], capacity: usize, held: &[u64]) -> bool {
    let mut model = Model { history, capacity, dead_ends: HashSet::new() };
    model.can_be_done(0, &held.iter().copied().collect())
}

/// Large, so that it takes a while from the claim of a place until it is filled or emptied.
type Value = [u64; 128];

/// Something that is first in, first out.
trait Fifo: Send + Sync {
    fn send(&self, value: &Value) -> bool;
    fn receive(&self) -> Option<Value>;
}

impl Fifo for (Sender<Value>, Receiver<Value>) {
    fn send(&self, value: &Value) -> bool {
        self.0.try_send(*value).is_ok()
    }

    fn receive(&self) -> Option<Value> {
        self.1.try_recv().ok()
    }
}

impl Fifo for Queue<Value> {
    fn send(&self, value: &Value) -> bool {
        non_block(|nb| self.push(nb, *value).is_ok())
    }

    fn receive(&self) -> Option<Value> {
        self.try_pop()
    }
}

/// A number that looks random: the last steps of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Does what one thread does in one history.
fn take_part(object: &dyn Fifo, clock: &AtomicUsize, seed: u64) -> [Done; TURNS] {
    std::array::from_fn(|turn| {
        let number = seed * TURNS as u64 + turn as u64;
        let sends = mixed(number) & 1 == 0;
        // The checker looks at the order of these moments.
        let begin = clock.fetch_add(1, Ordering::SeqCst);
        let event = match sends {
            true if object.send(&[number; 128]) => Sent(number),
            true => NoRoom,
            false => object.receive().map_or(Nothing, |value| Received(value[0])),
        };
        Done { begin, end: clock.fetch_add(1, Ordering::SeqCst), event }
    })
}

/// Waits until all threads have come, so many times before.
fn meet(met: &AtomicUsize, times: usize) {
    met.fetch_add(1, Ordering::SeqCst);
    let mut looks = 0;
    while met.load(Ordering::SeqCst) < times * THREADS {
        looks += 1;
        if looks > 3000 {
            thread::yield_now();
        }
    }
}

/// Records histories of objects that threads use at the same time.
fn record(objects: &[Box<dyn Fifo>]) -> Vec<Vec<Done>> {
    let (met, clock) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let by_thread: Vec<Vec<_>> = thread::scope(|scope| {
        let threads: [_; THREADS] = std::array::from_fn(|thread| {
            let (met, clock) = (&met, &clock);
            scope.spawn(move || {
                let rounds = objects.iter().enumerate().map(|(round, object)| {
                    meet(met, round + 1);
                    take_part(&**object, clock, (round * THREADS + thread) as u64)
                });
                rounds.collect()
            })
        });
        threads.map(|thread| thread.join().expect("no operation panics")).into()
    });
    let history = |round| by_thread.iter().flat_map(move |rounds| rounds[round]).collect();
    (0..objects.len()).map(history).collect()
}

/// Of all tests one at a time, so that its threads have the processors.
static ALONE: Mutex<()> = Mutex::new(());

/// Records histories of objects that hold some values to begin with, and checks each. Returns in how many threads were at work at the
/// same time.
#[track_caller]
fn check(capacity: usize, held: u64, make: impl Fn() -> Box<dyn Fifo>) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let held: Vec<_> = (0..held).map(|n| u64::MAX - n).collect();
    let (mut overlapping, mut round) = (0, 0);
    // Most threads miss each other, where there are few processors.
    let start = Instant::now();
    let is_enough =
        |overlapping| overlapping >= OVERLAPPING || (overlapping > 0 && start.elapsed() > LONG);
    while !is_enough(overlapping) && round < ROUNDS {
        round += 1;
        let objects: Vec<_> = (0..HISTORIES).map(|_| make()).collect();
        for object in &objects {
            assert!(held.iter().all(|value| object.send(&[*value; 128])));
        }
        for history in record(&objects) {
            assert!(is_linearizable(&history, capacity, &held), "no list does this: {history:#?}");
            overlapping += usize::from(has_overlap(&history));
        }
    }
    println!("{overlapping} of {} histories have operations at the same time", round * HISTORIES);
    overlapping
}

/// Whether operations that came to something overlap.
fn has_overlap(history: &[Done]) -> bool {
    let done = |operation: &&Done| matches!(operation.event, Sent(_) | Received(_));
    let mut operations = history.iter().filter(done).enumerate();
    operations.any(|(n, a)| history.iter().filter(done).take(n).any(|b| a.overlaps(b)))
}

const MISSED: &str = "no two threads did anything at the same time";

#[test]
fn a_bounded_channel_is_first_in_first_out() {
    let overlapping = [1, 2, 3].map(|capacity| {
        check(capacity, 0, || Box::new(channel::bounded(capacity)))
            + check(capacity, 1, || Box::new(channel::bounded(capacity)))
    });
    assert_ne!(overlapping, [0; 3], "{MISSED}");
}

#[test]
fn an_unbounded_channel_is_first_in_first_out_while_it_grows_too() {
    // Its first ring has room for 32.
    let overlapping =
        [0, 31].map(|held| check(usize::MAX, held, || Box::new(channel::unbounded())));
    assert_ne!(overlapping, [0; 2], "{MISSED}");
}

#[test]
fn a_queue_is_first_in_first_out() {
    let overlapping = [1, 2, 3].map(|capacity| {
        check(capacity, 0, || Box::new(Queue::with_capacity(capacity)))
            + check(capacity, 1, || Box::new(Queue::with_capacity(capacity)))
    });
    assert_ne!(overlapping, [0; 3], "{MISSED}");
}

/// Operations that begin and end at these moments.
fn history(operations: &[(usize, usize, Event)]) -> Vec<Done> {
    operations.iter().map(|&(begin, end, event)| Done { begin, end, event }).collect()
}

#[test]
fn the_checker_finds_what_no_list_does() {
    let lost = history(&[(0, 1, Sent(1)), (2, 3, Nothing)]);
    let doubled = history(&[(0, 1, Sent(1)), (2, 5, Received(1)), (3, 4, Received(1))]);
    let swapped = history(&[(0, 1, Sent(1)), (2, 3, Sent(2)), (4, 5, Received(2))]);
    let from_nowhere = history(&[(0, 3, Received(1)), (1, 2, Nothing)]);
    let before_it_was_sent = history(&[(0, 1, Received(1)), (2, 3, Sent(1))]);
    let too_many = history(&[(0, 1, Sent(1)), (2, 3, Sent(2)), (4, 5, Sent(3))]);
    let refused = history(&[(0, 1, Sent(1)), (2, 3, NoRoom)]);
    // Other receivers that find nothing are in the middle of nothing.
    let not_half_done = history(&[(0, 1, Sent(1)), (2, 5, Nothing), (3, 4, Nothing)]);
    for wrong in
        [lost, doubled, swapped, from_nowhere, before_it_was_sent, too_many, refused, not_half_done]
    {
        assert!(!is_linearizable(&wrong, 2, &[]), "{wrong:#?}");
    }
}

#[test]
fn the_checker_allows_what_a_list_does() {
    let at_once =
        history(&[(0, 3, Sent(1)), (1, 4, Sent(2)), (5, 6, Received(2)), (7, 8, Received(1))]);
    let full = history(&[(0, 1, Sent(1)), (2, 3, Sent(2)), (4, 5, NoRoom), (6, 7, Received(1))]);
    // A sender has claimed the first place when the second is filled and received from.
    let half_sent =
        history(&[(0, 9, Sent(1)), (1, 2, Sent(2)), (3, 4, Nothing), (10, 11, Received(1))]);
    let half_received = history(&[
        (0, 1, Sent(1)),
        (2, 3, Sent(2)),
        (4, 9, Received(1)),
        (5, 6, Received(2)),
        (7, 8, NoRoom),
    ]);
    for right in [at_once, full, half_sent, half_received] {
        assert!(is_linearizable(&right, 2, &[]), "{right:#?}");
    }
    let held = history(&[(0, 1, Received(7)), (2, 3, Nothing)]);
    assert!(is_linearizable(&held, 2, &[7]));
}
