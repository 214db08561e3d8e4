//! The work queue, against the ring that it is built on.

use std::hint::black_box;

use benches::{Goal, Plan, each, repeat, timed, together};
use crossbeam_queue::ArrayQueue;
use nonblock::work::Queue;

const RING: &str = "crossbeam's ArrayQueue";
const QUEUE: &str = "nonblock's work::Queue";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("queue", "A work queue: an item in and out, one thread", |group| {
        group.about(
            "The queue is this ring, and what the ring has not: a closing that loses nothing, statistics, and workers that \
             sleep until a push wakes them. Each is an atomic operation or a fence on the way in, and on the way out.",
        );
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
    plan.group("queue_threads", "A work queue: an item in and out, 2 threads", |group| {
        group.about("Each thread puts an item in and takes one out, as often as the other.");
        group.rival(RING, || {
            let ring = ArrayQueue::new(64);
            together(2, move |_thread, times| {
                repeat(times, || {
                    let _ = ring.push(black_box(1_u64));
                    black_box(ring.pop());
                });
            })
        });
        group.ours(QUEUE, || {
            let queue = Queue::with_capacity(64);
            together(2, move |_thread, times| {
                nonblock::raw::non_block(|nb| {
                    repeat(times, || {
                        let _ = queue.push(nb, black_box(1_u64));
                        black_box(queue.try_pop());
                    });
                });
            })
        });
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
            group.goal(Goal::grows_at_most(0.1, QUEUE));
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
