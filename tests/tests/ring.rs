//! Rings: against a plain queue, with every kind of item, in every order of drops, and when code of users panics.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nonblock::work::ring::{Consumer, Producer};
use nonblock::work::{Full, ring};
use nonblock_tests::interpreter::report_panics_briefly;
use proptest::prelude::*;

/// Counts its drops, and panics in them if told to.
#[derive(Debug, Default)]
struct Item {
    number: usize,
    dropped: Arc<AtomicUsize>,
    panics: bool,
}

impl Item {
    fn new(number: usize, dropped: &Arc<AtomicUsize>) -> Self {
        Self { number, dropped: Arc::clone(dropped), panics: false }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "item {}, as told", self.number);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push,
    PushSlice(usize),
    PushIter(usize),
    WriteChunk { most: usize, commit: usize },
    Pop,
    Peek,
    PopSlice(usize),
    ReadChunk { most: usize, commit: usize },
    MoveOut { most: usize, taken: usize, forget: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = || 0..12_usize;
    let step = prop_oneof![
        4 => Just(Step::Push),
        2 => n().prop_map(Step::PushSlice),
        2 => n().prop_map(Step::PushIter),
        2 => (n(), n()).prop_map(|(most, commit)| Step::WriteChunk { most, commit }),
        4 => Just(Step::Pop),
        1 => Just(Step::Peek),
        2 => n().prop_map(Step::PopSlice),
        2 => (n(), n()).prop_map(|(most, commit)| Step::ReadChunk { most, commit }),
        2 => (n(), n(), any::<bool>())
            .prop_map(|(most, taken, forget)| Step::MoveOut { most, taken, forget }),
    ];
    prop::collection::vec(step, 0..120)
}

/// A ring beside a queue as anybody would write it.
struct Beside {
    producer: Producer<u32>,
    consumer: Consumer<u32>,
    plain: VecDeque<u32>,
    next: u32,
    /// A forgotten iterator gives its slots back at the next pop. Until then there is less room.
    held_back: usize,
}

impl Beside {
    fn new(capacity: usize) -> Self {
        let (producer, consumer) = ring(capacity);
        Self { producer, consumer, plain: VecDeque::new(), next: 0, held_back: 0 }
    }

    fn room(&self) -> usize {
        self.producer.capacity() - self.plain.len() - self.held_back
    }

    /// Numbers that were not pushed yet.
    fn numbers(&self, n: usize) -> Vec<u32> {
        (self.next..).take(n).collect()
    }

    /// The model's side of pushing the next numbers.
    fn pushed(&mut self, n: usize) {
        let numbers = self.numbers(n);
        self.next += u32::try_from(n).unwrap();
        self.plain.extend(numbers);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Push => {
                let pushed = self.producer.push(self.next);
                if self.room() == 0 {
                    assert_eq!(pushed, Err(Full(self.next)));
                } else {
                    assert_eq!(pushed, Ok(()));
                    self.pushed(1);
                }
            }
            Step::PushSlice(n) => {
                let expected = n.min(self.room());
                assert_eq!(self.producer.push_slice(&self.numbers(n)), expected);
                self.pushed(expected);
            }
            Step::PushIter(n) => {
                let expected = n.min(self.room());
                let mut numbers = self.numbers(n).into_iter();
                assert_eq!(self.producer.push_iter(numbers.by_ref()), expected);
                assert_eq!(numbers.len(), n - expected, "none is lost");
                self.pushed(expected);
            }
            Step::WriteChunk { most, commit } => {
                let expected = most.min(self.room());
                let numbers = self.numbers(expected);
                let mut chunk = self.producer.write_chunk(most);
                assert_eq!((chunk.len(), chunk.is_empty()), (expected, expected == 0));
                let (first, second) = chunk.as_mut_slices();
                assert!(first.iter().chain(&*second).all(|number| *number == 0));
                first.copy_from_slice(&numbers[..first.len()]);
                second.copy_from_slice(&numbers[first.len()..]);
                let pushed = chunk.commit(commit);
                assert_eq!(pushed, commit.min(expected));
                self.pushed(pushed);
            }
            Step::Pop => {
                assert_eq!(self.consumer.pop(), self.plain.pop_front());
                // A pop that finds nothing gives nothing back.
                if self.consumer.len() + self.producer.free() == self.producer.capacity() {
                    self.held_back = 0;
                }
            }
            Step::Peek => assert_eq!(self.consumer.peek(), self.plain.front()),
            Step::PopSlice(n) => {
                let mut numbers = vec![u32::MAX; n];
                let popped = self.consumer.pop_slice(&mut numbers);
                assert_eq!(popped, n.min(self.plain.len()));
                assert!(self.plain.drain(..popped).eq(numbers[..popped].iter().copied()));
                assert!(numbers[popped..].iter().all(|number| *number == u32::MAX));
                self.held_back = 0;
            }
            Step::ReadChunk { most, commit } => {
                let expected = most.min(self.plain.len());
                let mut chunk = self.consumer.read_chunk(most);
                assert_eq!((chunk.len(), chunk.is_empty()), (expected, expected == 0));
                let shown = format!("{:?}", self.plain.iter().take(expected).collect::<Vec<_>>());
                assert_eq!(format!("{chunk:?}"), shown);
                let (first, second) = chunk.as_mut_slices();
                assert!(first.iter().chain(&*second).eq(self.plain.iter().take(expected)));
                let popped = chunk.commit(commit);
                assert_eq!(popped, commit.min(expected));
                self.plain.drain(..popped);
                self.held_back = 0;
            }
            Step::MoveOut { most, taken, forget } => {
                let mut moving = self.consumer.read_chunk(most).into_iter();
                let there = most.min(self.plain.len());
                assert_eq!(moving.len(), there);
                let moved: Vec<_> = moving.by_ref().take(taken).collect();
                if forget {
                    std::mem::forget(moving);
                    self.held_back += moved.len();
                } else {
                    drop(moving);
                    self.held_back = 0;
                }
                assert_eq!(moved.len(), taken.min(there));
                assert!(self.plain.drain(..moved.len()).eq(moved));
            }
        }
        assert_eq!(self.consumer.len(), self.plain.len());
        assert_eq!(self.consumer.is_empty(), self.plain.is_empty());
        assert_eq!(self.producer.free(), self.room());
        assert_eq!(self.producer.is_full(), self.room() == 0);
        assert_eq!(self.producer.len(), self.plain.len() + self.held_back);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 256 }))]

    #[test]
    fn a_ring_does_what_a_plain_queue_does(capacity in 1..10_usize, steps in steps()) {
        let mut beside = Beside::new(capacity);
        for step in &steps {
            beside.step(step);
        }
    }
}

#[test]
fn every_item_comes_out_once_and_in_order() {
    let rounds = if cfg!(miri) { 200 } else { 200_000 };
    for capacity in [1, 2, 3, 64, 1000] {
        let (mut producer, mut consumer) = ring(capacity);
        let pushing = thread::spawn(move || {
            for number in 0..rounds {
                let mut item = Box::new(number);
                while let Err(Full(back)) = producer.push(item) {
                    item = back;
                    thread::yield_now();
                }
            }
        });
        for number in 0..rounds {
            let item = loop {
                match consumer.pop() {
                    Some(item) => break item,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(*item, number, "capacity {capacity}");
        }
        pushing.join().unwrap();
        assert!(consumer.pop().is_none() && consumer.is_abandoned());
    }
}

#[test]
fn slices_and_chunks_keep_the_order_between_threads() {
    let total: usize = if cfg!(miri) { 500 } else { 500_000 };
    let (mut producer, mut consumer) = ring::<usize>(77);
    let pushing = thread::spawn(move || {
        let mut next = 0;
        while next < total {
            let numbers: Vec<_> = (next..total.min(next + 50)).collect();
            let pushed = match next % 3 {
                0 => producer.push_slice(&numbers),
                1 => producer.push_iter(numbers),
                _ => {
                    let mut chunk = producer.write_chunk(numbers.len());
                    let (first, second) = chunk.as_mut_slices();
                    let slots = first.iter_mut().chain(second);
                    slots.zip(numbers).for_each(|(slot, number)| *slot = number);
                    chunk.commit_all()
                }
            };
            if pushed == 0 {
                thread::yield_now();
            }
            next += pushed;
        }
    });
    let mut next = 0;
    while next < total {
        let before = next;
        let mut numbers = [0; 40];
        let popped = consumer.pop_slice(&mut numbers);
        for number in &numbers[..popped] {
            assert_eq!(*number, next);
            next += 1;
        }
        for number in consumer.read_chunk(30) {
            assert_eq!(number, next);
            next += 1;
        }
        if next == before {
            thread::yield_now();
        }
    }
    pushing.join().unwrap();
}

/// An item that must lie at a multiple of 256.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(256))]
struct Aligned(u8);

#[test]
fn items_without_a_size_and_large_ones_go_through() {
    let (mut producer, mut consumer) = ring(usize::MAX);
    assert_eq!(producer.free(), usize::MAX);
    assert_eq!(producer.push_slice(&[(); 1000]), 1000);
    assert_eq!(producer.push_iter([(); 10]), 10);
    assert_eq!((producer.len(), producer.free()), (1010, usize::MAX - 1010));
    assert_eq!(consumer.read_chunk(usize::MAX).commit(1009), 1009);
    assert_eq!((consumer.pop(), consumer.pop()), (Some(()), None));

    let (mut producer, mut consumer) = ring(3);
    for round in 0..10_u8 {
        producer.push([round; 16_000]).unwrap();
        assert_eq!(consumer.peek().map(|item| item[15_999]), Some(round));
        assert!(consumer.pop().is_some_and(|item| item.iter().all(|byte| *byte == round)));
    }

    let (mut producer, mut consumer) = ring(5);
    assert_eq!(producer.push_slice(&[Aligned(1), Aligned(2)]), 2);
    let item = consumer.peek().unwrap();
    assert_eq!((std::ptr::from_ref(item).addr() % 256, *item), (0, Aligned(1)));
}

#[test]
#[should_panic = "a ring of 0 items"]
fn a_ring_has_room() {
    let _ = ring::<u8>(0);
}

#[test]
#[should_panic = "capacity overflow"]
fn a_ring_fits_into_memory() {
    let _ = ring::<u64>(usize::MAX / 2);
}

#[test]
fn what_is_left_is_dropped_by_the_last_end() {
    for producer_first in [false, true] {
        // Some lie before the end of the memory, and some behind it.
        for popped in [0, 2, 3] {
            let dropped = Arc::default();
            let (mut producer, mut consumer) = ring(4);
            for number in 0..popped {
                producer.push(Item::new(number, &dropped)).unwrap();
                drop(consumer.pop());
            }
            assert_eq!(producer.push_iter((0..3).map(|number| Item::new(number, &dropped))), 3);
            assert!(!producer.is_abandoned() && !consumer.is_abandoned());
            assert_eq!(dropped.load(Ordering::Relaxed), popped);
            if producer_first {
                drop(producer);
                assert!(consumer.is_abandoned());
                assert_eq!(consumer.pop().map(|item| item.number), Some(0));
                assert_eq!(dropped.load(Ordering::Relaxed), popped + 1);
                drop(consumer);
            } else {
                assert_eq!(consumer.pop().map(|item| item.number), Some(0));
                // An iterator that is forgotten loses only itself.
                std::mem::forget(consumer.read_chunk(1).into_iter());
                drop(consumer);
                assert!(producer.is_abandoned());
                assert_eq!(dropped.load(Ordering::Relaxed), popped + 1);
                assert!(producer.push(Item::new(3, &dropped)).is_ok(), "there is room still");
                drop(producer);
            }
            let pushed = popped + 3 + usize::from(!producer_first);
            assert_eq!(dropped.load(Ordering::Relaxed), pushed);
        }
    }
}

#[test]
fn an_item_moved_out_by_a_forgotten_iterator_is_not_dropped_twice() {
    let dropped = Arc::default();
    let (mut producer, mut consumer) = ring(2);
    assert_eq!(producer.push_iter((0..2).map(|number| Item::new(number, &dropped))), 2);
    let mut moving = consumer.read_chunk(2).into_iter();
    drop(moving.next());
    std::mem::forget(moving);
    assert_eq!(producer.free(), 0, "the room comes with the next pop");
    drop(consumer);
    assert_eq!(producer.free(), 1);
    drop(producer);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn a_chunk_that_is_not_committed_pushes_nothing() {
    let (mut producer, mut consumer) = ring::<Item>(3);
    drop(producer.write_chunk(3));
    assert_eq!((producer.free(), consumer.len()), (3, 0));
    std::mem::forget(producer.write_chunk(3));
    assert!(producer.push(Item::default()).is_ok());
    let dropped = Arc::<AtomicUsize>::default();
    let mut chunk = producer.write_chunk(3);
    for item in chunk.as_mut_slices().0 {
        item.dropped = Arc::clone(&dropped);
    }
    assert_eq!(chunk.commit(1), 1);
    assert_eq!(dropped.load(Ordering::Relaxed), 1, "what was not committed");
    assert_eq!(consumer.read_chunk(3).commit_all(), 2);
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn panics_of_users_lose_nothing_and_drop_nothing_twice() {
    report_panics_briefly();
    let panics = |f: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(f)).is_err();
    let dropped = Arc::default();
    let (mut producer, mut consumer) = ring(4);
    let count = |dropped: &Arc<AtomicUsize>| dropped.load(Ordering::Relaxed);

    // Across the end of the memory in what follows.
    for number in 0..3 {
        producer.push(Item::new(number, &dropped)).unwrap();
        drop(consumer.pop());
    }

    let items = |n: usize| {
        let dropped = Arc::clone(&dropped);
        (0..4).map(move |number| {
            assert!(number < n, "the iterator, as told");
            Item::new(number, &dropped)
        })
    };
    assert!(panics(&mut || assert_eq!(producer.push_iter(items(2)), 0)));
    assert_eq!((count(&dropped), producer.free()), (3 + 2, 4), "nothing is pushed");

    // The drop of the first item that is committed panics: the other one is gone too.
    let push = |producer: &mut Producer<Item>, panicking: usize| {
        let numbered = (0..3).map(|number| {
            let mut item = Item::new(number, &dropped);
            item.panics = number == panicking;
            item
        });
        assert_eq!(producer.push_iter(numbered), 3);
    };
    push(&mut producer, 0);
    assert!(panics(&mut || assert_eq!(consumer.read_chunk(3).commit(2), 0)));
    assert_eq!((count(&dropped), producer.free(), consumer.len()), (5 + 2, 3, 1));
    assert_eq!(consumer.pop().map(|item| item.number), Some(2));

    // The last end drops what is left, all of it.
    push(&mut producer, 1);
    drop(producer);
    let mut consumer = Some(consumer);
    assert!(panics(&mut || drop(consumer.take())));
    assert_eq!(count(&dropped), 8 + 3);
}

#[test]
fn ends_are_sent_and_show_themselves() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (producer, consumer) = ring::<std::cell::Cell<u8>>(7);
    let (producer, consumer) = (is_send(producer), is_send(consumer));
    assert_eq!(format!("{producer:?}"), "Producer { free: 7, capacity: 7, .. }");
    assert_eq!(format!("{consumer:?}"), "Consumer { len: 0, capacity: 7, .. }");
}
