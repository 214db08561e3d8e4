//! The work queue, against the ring beneath it.

use std::hint::black_box;

use benches::{Plan, each, repeat, timed};
use crossbeam_queue::ArrayQueue;
use nonblock::work::Queue;

const RING: &str = "crossbeam's ArrayQueue";
const QUEUE: &str = "nonblock's work::Queue";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("queue", "A work queue: an item in and out, one thread", |group| {
        group.rival(RING, || {
            let ring = ArrayQueue::new(64);
            each(move || {
                let _ = ring.push(black_box(1_u64));
                black_box(ring.pop());
            })
        });
        group.ours(QUEUE, || {
            let queue = Queue::with_capacity(64);
            timed(move |times| {
                nonblock::raw::non_block(|nb| {
                    repeat(times, || {
                        let _ = queue.push(nb, black_box(1_u64));
                        black_box(queue.try_pop());
                    });
                });
            })
        });
        group.counted(1000);
    });
    plan.curve(
        "queue_length",
        "A work queue that holds items: one more in, and one out",
        "items",
        &[10, 100, 1_000, 10_000, 100_000],
        |size, group| {
            let capacity = usize::try_from(size).expect("it is small") + 1;
            group.rival(RING, move || {
                let ring = ArrayQueue::new(capacity);
                (0..size).for_each(|item| ring.push(item).expect("there is room"));
                each(move || {
                    let _ = ring.push(black_box(1));
                    black_box(ring.pop());
                })
            });
            group.ours(QUEUE, move || {
                let queue = Queue::with_capacity(capacity);
                nonblock::non_block(|nb| {
                    (0..size).for_each(|item| queue.push(nb, item).expect("there is room"));
                });
                timed(move |times| {
                    nonblock::raw::non_block(|nb| {
                        repeat(times, || {
                            let _ = queue.push(nb, black_box(1));
                            black_box(queue.try_pop());
                        });
                    });
                })
            });
        },
    );
}
