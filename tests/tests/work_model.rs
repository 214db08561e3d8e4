//! Queues against a plain model: random operations of one thread, and many threads that must lose no item.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nonblock::work::{Full, Queue};
use nonblock::{non_block, sleepable, thread};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push,
    PushFromASection,
    PushFromOutside,
    TryPop,
    Pop,
    Drain,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Push),
        3 => Just(Step::PushFromASection),
        3 => Just(Step::PushFromOutside),
        5 => Just(Step::TryPop),
        4 => Just(Step::Pop),
        1 => Just(Step::Drain),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..80)
}

/// A queue as anybody would write it.
#[derive(Default)]
struct Plain {
    items: VecDeque<u32>,
    closed: bool,
    pushed: usize,
    handled: usize,
    refused: usize,
    highest: usize,
}

impl Plain {
    fn push(&mut self, item: u32, capacity: usize) -> Result<(), Full<u32>> {
        if self.closed || self.items.len() == capacity {
            self.refused += 1;
            return Err(Full(item));
        }
        self.items.push_back(item);
        self.pushed += 1;
        self.highest = self.highest.max(self.items.len());
        Ok(())
    }

    fn pop(&mut self) -> Option<u32> {
        let item = self.items.pop_front();
        self.handled += usize::from(item.is_some());
        item
    }
}

proptest! {
    #[test]
    fn a_queue_does_what_a_plain_one_does(capacity in 1_usize..6, steps in steps()) {
        let queue = Queue::with_capacity(capacity);
        let mut plain = Plain::default();
        for (item, step) in (0..).zip(steps) {
            match step {
                Step::Push => {
                    let pushed = non_block(|nb| queue.push(nb, item));
                    prop_assert_eq!(pushed, plain.push(item, capacity));
                }
                Step::PushFromASection => {
                    let pushed = non_block(|nb| queue.push_from(nb, item));
                    prop_assert_eq!(pushed, plain.push(item, capacity));
                }
                // Where it would wait, nobody would make room.
                Step::PushFromOutside if !plain.closed && plain.items.len() == capacity => {}
                Step::PushFromOutside => {
                    let pushed = sleepable(|cx| queue.push_from(cx, item));
                    prop_assert_eq!(pushed, plain.push(item, capacity));
                }
                Step::TryPop => prop_assert_eq!(queue.try_pop(), plain.pop()),
                Step::Pop if !plain.closed && plain.items.is_empty() => {}
                Step::Pop => prop_assert_eq!(sleepable(|cx| queue.pop(cx)), plain.pop()),
                Step::Drain => {
                    let drained = sleepable(|cx| queue.drain(cx));
                    let expected: Vec<_> = std::iter::from_fn(|| plain.pop()).collect();
                    prop_assert_eq!(drained, expected);
                }
                Step::Close => {
                    queue.close();
                    plain.closed = true;
                }
            }
            prop_assert_eq!(queue.len(), plain.items.len());
            prop_assert_eq!(queue.is_empty(), plain.items.is_empty());
            prop_assert_eq!(queue.is_closed(), plain.closed);
            let stats = queue.stats();
            prop_assert_eq!(
                (stats.capacity, stats.pushed, stats.handled, stats.refused, stats.highest),
                (capacity, plain.pushed, plain.handled, plain.refused, plain.highest)
            );
        }
    }
}

/// An item that is known by its number, and counted while it lives.
struct Item {
    number: usize,
    living: Arc<AtomicUsize>,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::Relaxed);
    }
}

const PUSHERS: usize = 3;

/// Pushes from several threads until each is told of the end, which comes while they are at it; returns which were let in,
/// and which were handled.
fn shut_down_under_load(
    capacity: usize,
    workers: usize,
    round: u64,
) -> (Vec<usize>, Vec<usize>, usize) {
    let living = Arc::new(AtomicUsize::new(0));
    let handled = Arc::new(std::sync::Mutex::new(Vec::new()));
    let queue = Queue::with_capacity(capacity);
    for _ in 0..workers {
        let handled = Arc::clone(&handled);
        let handle = move |item: Item, _cx: &mut nonblock::Sleepable| {
            handled.lock().unwrap().push(item.number);
        };
        queue.worker("worker", handle).expect("a thread starts");
    }
    let mut let_in = Vec::new();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let pushers: Vec<_> = (0..PUSHERS)
                .map(|pusher| {
                    let (queue, living) = (&queue, &living);
                    scope.spawn(move |cx| {
                        let mut let_in = Vec::new();
                        for number in (pusher..).step_by(PUSHERS) {
                            living.fetch_add(1, Ordering::Relaxed);
                            let item = Item { number, living: Arc::clone(living) };
                            // Every other one waits for room.
                            let pushed = if number % 2 == 0 {
                                cx.non_block(|nb| queue.push(nb, item))
                            } else {
                                queue.push_from(cx, item)
                            };
                            match pushed {
                                Ok(()) => let_in.push(number),
                                Err(Full(item)) => {
                                    assert_eq!(item.number, number);
                                    if queue.is_closed() {
                                        return let_in;
                                    }
                                }
                            }
                        }
                        unreachable!("numbers do not run out")
                    })
                })
                .collect();
            thread::sleep(cx, std::time::Duration::from_micros(200 + 300 * (round % 7)));
            queue.shutdown(cx);
            if workers == 0 {
                let rest = queue.drain(cx);
                handled.lock().unwrap().extend(rest.iter().map(|item| item.number));
            }
            let_in.extend(pushers.into_iter().flat_map(|pusher| pusher.join(cx).unwrap()));
        });
    });
    let_in.sort_unstable();
    let mut handled = std::mem::take(&mut *handled.lock().unwrap());
    handled.sort_unstable();
    let stats = queue.stats();
    assert_eq!((stats.pushed, stats.handled), (let_in.len(), handled.len()));
    assert!(stats.highest <= capacity && queue.is_empty());
    (let_in, handled, living.load(Ordering::Relaxed))
}

#[test]
fn shutting_down_under_load_loses_nothing() {
    for round in 0..40 {
        for (capacity, workers) in [(1, 1), (2, 2), (64, 1), (3, 3), (8, 0)] {
            let (let_in, handled, living) = shut_down_under_load(capacity, workers, round);
            assert_eq!(let_in, handled, "capacity {capacity}, {workers} workers");
            assert_eq!(living, 0, "an item was dropped twice, or not at all");
        }
    }
}

#[test]
fn many_push_and_many_take_and_every_item_arrives_once() {
    const ITEMS: usize = 20_000;
    for capacity in [1, 2, 7, 256] {
        let queue = Queue::with_capacity(capacity);
        let sums = sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                let takers: Vec<_> = (0..3)
                    .map(|_| {
                        scope.spawn(|cx| {
                            let mut taken = Vec::new();
                            while let Some(item) = queue.pop(cx) {
                                taken.push(item);
                            }
                            taken
                        })
                    })
                    .collect();
                let pushers: Vec<_> = (0..PUSHERS)
                    .map(|pusher| {
                        let queue = &queue;
                        scope.spawn(move |cx| {
                            for item in (pusher..ITEMS).step_by(PUSHERS) {
                                queue.push_from(cx, item).expect("it is open");
                            }
                        })
                    })
                    .collect();
                for pusher in pushers {
                    pusher.join(cx).unwrap();
                }
                queue.close();
                takers.into_iter().map(|taker| taker.join(cx).unwrap()).collect::<Vec<_>>()
            })
        });
        // Of the items of one pusher, each taker sees the earlier ones first.
        for taken in &sums {
            for pusher in 0..PUSHERS {
                let of_one = taken.iter().filter(|item| *item % PUSHERS == pusher);
                assert!(of_one.is_sorted());
            }
        }
        let mut all: Vec<_> = sums.into_iter().flatten().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..ITEMS));
    }
}
