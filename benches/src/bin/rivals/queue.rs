//! The work queue, against bounded queues of other crates.

use std::hint::black_box;

use benches::batch::Batch;
use benches::{Goal, Group, Plan, each, repeat, timed, together};
use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use nonblock::work::Queue;
use thingbuf::ThingBuf;

const RING: &str = "crossbeam's ArrayQueue";
const QUEUE: &str = "nonblock's work::Queue";
const CLOSABLE: &str = "concurrent-queue";
const THINGBUF: &str = "thingbuf's ThingBuf";

/// How many items a queue holds.
const ROOM: usize = 64;

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("queue", "A work queue: an item in and out, one thread", |group| {
        group.about(
            "There is room for 64 items of 64 bits. Ours is a ring, and what ArrayQueue and ThingBuf have not: a closing that \
             loses nothing (concurrent-queue has one), statistics, and workers that sleep until a push wakes them.",
        );
        rivals(group, 1);
        group.counted(1000);
    });
    plan.group("queue_threads", "A work queue: an item in and out, 2 threads", |group| {
        group.about(
            "As above; each thread puts an item in and takes one out, as often as the other.",
        );
        rivals(group, 2);
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

/// Every queue, in and out by so many threads.
fn rivals(group: &mut Group, threads: usize) {
    group.rival(RING, move || {
        let ring = ArrayQueue::new(ROOM);
        by(threads, move |times| {
            repeat(times, || {
                let _ = ring.push(black_box(1_u64));
                black_box(ring.pop());
            });
        })
    });
    group.ours(QUEUE, move || {
        let queue = Queue::with_capacity(ROOM);
        by(threads, move |times| {
            nonblock::raw::non_block(|nb| {
                repeat(times, || {
                    let _ = queue.push(nb, black_box(1_u64));
                    black_box(queue.try_pop());
                });
            });
        })
    });
    group.rival(CLOSABLE, move || {
        let queue = ConcurrentQueue::bounded(ROOM);
        by(threads, move |times| {
            repeat(times, || {
                let _ = queue.push(black_box(1_u64));
                let _ = black_box(queue.pop());
            });
        })
    });
    group.rival(THINGBUF, move || {
        let queue = ThingBuf::new(ROOM);
        by(threads, move |times| {
            repeat(times, || {
                let _ = queue.push(black_box(1_u64));
                black_box(queue.pop());
            });
        })
    });
}

fn by(threads: usize, work: impl Fn(u64) + Sync + 'static) -> Batch {
    if threads == 1 {
        Box::new(timed(work))
    } else {
        Box::new(together(threads, move |_thread, times| work(times)))
    }
}
