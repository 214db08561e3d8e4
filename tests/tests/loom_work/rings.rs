//! Items of a ring come out whole and in order, each slot is one end's at a time, and the last end drops what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::thread;
use nonblock_tests::model::explore;

use crate::work::{Full, ring};

/// Counts its drops, in a place that the checker does not see.
struct Item(usize, Arc<AtomicUsize>);

impl Drop for Item {
    fn drop(&mut self) {
        self.1.fetch_add(1, Relaxed);
    }
}

/// One item a slot. The second round's items lie where those of the first did.
#[test]
fn items_come_out_in_order_and_slots_are_one_ends_at_a_time() {
    for capacity in [1, 2] {
        explore(3, move || {
            let (mut producer, mut consumer) = ring::<Box<usize>>(capacity);
            let pushing = thread::spawn(move || {
                let mut pushed = 0;
                for _ in 0..4 {
                    match producer.push(Box::new(pushed)) {
                        Ok(()) => pushed += 1,
                        Err(Full(item)) => assert_eq!(*item, pushed),
                    }
                }
                pushed
            });
            let mut popped = 0;
            for _ in 0..3 {
                if let Some(item) = consumer.pop() {
                    assert_eq!(*item, popped);
                    popped += 1;
                }
            }
            let pushed = pushing.join().unwrap();
            assert!(pushed >= capacity.min(4) && popped <= pushed);
            assert!(consumer.is_abandoned());
            assert_eq!(consumer.len(), pushed - popped);
            while let Some(item) = consumer.pop() {
                assert_eq!(*item, popped);
                popped += 1;
            }
            assert_eq!(popped, pushed);
        });
    }
}

#[test]
fn slices_are_seen_whole() {
    explore(3, || {
        let (mut producer, mut consumer) = ring::<usize>(3);
        assert_eq!(producer.push_slice(&[0, 1]), 2);
        assert_eq!(consumer.pop_slice(&mut [0, 0]), 2);
        let pushing = thread::spawn(move || {
            // Round the end of the memory.
            let first = producer.push_slice(&[2, 3]);
            first + producer.push_slice(&[4, 5])
        });
        let mut items = [9; 5];
        let first = consumer.pop_slice(&mut items);
        assert!([0, 2, 3].contains(&first), "each slice is seen whole: {first}");
        let second = consumer.pop_slice(&mut items[first..]);
        let pushed = pushing.join().unwrap();
        let third = consumer.pop_slice(&mut items[first + second..]);
        assert_eq!(first + second + third, pushed);
        assert!(items[..pushed].iter().copied().eq(2..2 + pushed));
    });
}

#[test]
fn chunks_are_one_ends_until_they_are_committed() {
    explore(3, || {
        let (mut producer, mut consumer) = ring::<Box<usize>>(2);
        assert_eq!(producer.push_iter([Box::new(0)]), 1);
        assert_eq!(consumer.pop().as_deref(), Some(&0));
        let writing = thread::spawn(move || {
            let mut chunk = producer.write_chunk(2);
            let (first, second) = chunk.as_mut_slices();
            for (number, item) in (1..).zip(first.iter_mut().chain(second)) {
                **item = number;
            }
            let first = chunk.commit(1);
            first + producer.push_iter([Box::new(2), Box::new(3)])
        });
        let chunk = consumer.read_chunk(2);
        let (first, second) = chunk.as_slices();
        let seen = first.len() + second.len();
        assert!(first.iter().chain(second).map(|item| **item).eq(1..=seen));
        let mut popped = chunk.commit(1);
        for item in consumer.read_chunk(2) {
            popped += 1;
            assert_eq!(*item, popped);
        }
        let pushed = writing.join().unwrap();
        for item in consumer.read_chunk(2) {
            popped += 1;
            assert_eq!(*item, popped);
        }
        assert_eq!(popped, pushed);
    });
}

/// The ends go in every order: what is left is dropped once, and the ring is freed once. (The checker finds what leaks.)
#[test]
fn the_last_end_drops_what_is_left() {
    explore(3, || {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (mut producer, mut consumer) = ring(3);
        let item = {
            let dropped = Arc::clone(&dropped);
            move |number| Item(number, Arc::clone(&dropped))
        };
        assert!(producer.push(item(0)).is_ok());
        let pushing = thread::spawn(move || {
            assert!(producer.push(item(1)).is_ok());
            assert!(producer.push(item(2)).is_ok());
            let was_abandoned = producer.is_abandoned();
            drop(producer);
            was_abandoned
        });
        assert_eq!(consumer.pop().map(|item| item.0), Some(0));
        let last_round = consumer.is_abandoned();
        let more = [consumer.pop().is_some(), consumer.pop().is_some()];
        assert!(!last_round || more == [true; 2], "what was pushed before the end is seen");
        drop(consumer);
        let was_abandoned = pushing.join().unwrap();
        assert!(!(was_abandoned && last_round));
        assert_eq!(dropped.load(Relaxed), 3);
    });
}
