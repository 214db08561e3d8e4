//! The ring from one thread to one other, against rtrb's and ringbuf's.

use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::Duration;

use benches::{Goal, Group, Plan, beside, each};
use nonblock::work::ring;
use ringbuf::HeapRb;
use ringbuf::traits::{Consumer as _, Producer as _, Split as _};
use rtrb::RingBuffer;

const RTRB: &str = "rtrb";
const RINGBUF: &str = "ringbuf";
const RING: &str = "nonblock's work::ring";

/// How many items a ring holds.
const ROOM: usize = 256;

/// How many samples an audio callback is asked for.
const BLOCK: usize = 64;

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("ring", "A ring: an item in and out, one thread", |group| {
        group.rival(RTRB, || {
            let (mut producer, mut consumer) = RingBuffer::new(ROOM);
            each(move || {
                let _ = producer.push(black_box(1_u64));
                let _ = black_box(consumer.pop());
            })
        });
        group.ours(RING, || {
            let (mut producer, mut consumer) = ring(ROOM);
            each(move || {
                let _ = producer.push(black_box(1_u64));
                black_box(consumer.pop());
            })
        });
        group.rival(RINGBUF, || {
            let (mut producer, mut consumer) = HeapRb::new(ROOM).split();
            each(move || {
                let _ = producer.try_push(black_box(1_u64));
                black_box(consumer.try_pop());
            })
        });
        group.counted(1000);
        at_most_rtrbs(group);
    });
    plan.group("ring_slice", "A ring: a slice of 64 samples in and out, one thread", |group| {
        group.about("The ring's room is no multiple of 64, so that some of the slices go round the end of its memory.");
        group.rival(RTRB, || {
            let (mut producer, mut consumer) = RingBuffer::new(1000);
            let (samples, mut played) = ([0.5_f32; BLOCK], [0.0_f32; BLOCK]);
            each(move || {
                black_box(producer.push_partial_slice(black_box(&samples)).0.len());
                black_box(consumer.pop_partial_slice(&mut played).0.len());
                black_box(&mut played);
            })
        });
        group.ours(RING, || {
            let (mut producer, mut consumer) = ring(1000);
            let (samples, mut played) = ([0.5_f32; BLOCK], [0.0_f32; BLOCK]);
            each(move || {
                black_box(producer.push_slice(black_box(&samples)));
                black_box(consumer.pop_slice(&mut played));
                black_box(&mut played);
            })
        });
        group.rival(RINGBUF, || {
            let (mut producer, mut consumer) = HeapRb::new(1000).split();
            let (samples, mut played) = ([0.5_f32; BLOCK], [0.0_f32; BLOCK]);
            each(move || {
                black_box(producer.push_slice(black_box(&samples)));
                black_box(consumer.pop_slice(&mut played));
                black_box(&mut played);
            })
        });
        group.counted(1000);
        at_most_rtrbs(group);
    });
    plan.group("ring_chunk", "A ring: 64 samples in and out in place, one thread", |group| {
        group.about("Written into slots that hold defaults at first, and added up where they lie. ringbuf lends slots that hold nothing, which takes unsafe code, and is left out.");
        group.rival(RTRB, || {
            let (mut producer, mut consumer) = RingBuffer::new(1000);
            each(move || {
                let mut chunk = producer.write_chunk(BLOCK).expect("there is room");
                let (first, second) = chunk.as_mut_slices();
                write(first, second);
                chunk.commit_all();
                let chunk = consumer.read_chunk(BLOCK).expect("they are there");
                let (first, second) = chunk.as_slices();
                black_box(sum(first, second));
                chunk.commit_all();
            })
        });
        group.ours(RING, || {
            let (mut producer, mut consumer) = ring(1000);
            each(move || {
                let mut chunk = producer.write_chunk(BLOCK);
                let (first, second) = chunk.as_mut_slices();
                write(first, second);
                chunk.commit_all();
                let chunk = consumer.read_chunk(BLOCK);
                let (first, second) = chunk.as_slices();
                black_box(sum(first, second));
                chunk.commit_all();
            })
        });
        group.counted(1000);
        at_most_rtrbs(group);
    });
    // The same code in both builds.
    if !nonblock::CHECKS {
        between_threads(plan);
    }
}

fn between_threads(plan: &mut Plan) {
    plan.group("ring_threads", "A ring from one thread to another: items", |group| {
        group.about(SPINNING);
        group.rival(RTRB, || {
            let (producer, consumer) = RingBuffer::new(ROOM);
            stream(
                producer,
                consumer,
                |producer, _left| u64::from(producer.push(black_box(1_u64)).is_ok()),
                |consumer, _left| u64::from(black_box(consumer.pop()).is_ok()),
            )
        });
        group.ours(RING, || {
            let (producer, consumer) = ring(ROOM);
            stream(
                producer,
                consumer,
                |producer, _left| u64::from(producer.push(black_box(1_u64)).is_ok()),
                |consumer, _left| u64::from(black_box(consumer.pop()).is_some()),
            )
        });
        group.rival(RINGBUF, || {
            let (producer, consumer) = HeapRb::new(ROOM).split();
            stream(
                producer,
                consumer,
                |producer, _left| u64::from(producer.try_push(black_box(1_u64)).is_ok()),
                |consumer, _left| u64::from(black_box(consumer.try_pop()).is_some()),
            )
        });
        at_most_rtrbs(group);
    });
    plan.group("ring_threads_slice", "A ring from one thread to another: slices", |group| {
        group.about(SPINNING);
        group.rival(RTRB, || {
            let (producer, consumer) = RingBuffer::new(1000);
            let samples = [0.5_f32; BLOCK];
            let mut played = [0.0_f32; BLOCK];
            stream(
                producer,
                consumer,
                move |producer, left| {
                    let samples = &black_box(&samples)[..most(left)];
                    producer.push_partial_slice(samples).0.len() as u64
                },
                move |consumer, left| {
                    let played = &mut black_box(&mut played)[..most(left)];
                    consumer.pop_partial_slice(played).0.len() as u64
                },
            )
        });
        group.ours(RING, || {
            let (producer, consumer) = ring(1000);
            let samples = [0.5_f32; BLOCK];
            let mut played = [0.0_f32; BLOCK];
            stream(
                producer,
                consumer,
                move |producer, left| {
                    producer.push_slice(&black_box(&samples)[..most(left)]) as u64
                },
                move |consumer, left| {
                    consumer.pop_slice(&mut black_box(&mut played)[..most(left)]) as u64
                },
            )
        });
        group.rival(RINGBUF, || {
            let (producer, consumer) = HeapRb::new(1000).split();
            let samples = [0.5_f32; BLOCK];
            let mut played = [0.0_f32; BLOCK];
            stream(
                producer,
                consumer,
                move |producer, left| {
                    producer.push_slice(&black_box(&samples)[..most(left)]) as u64
                },
                move |consumer, left| {
                    consumer.pop_slice(&mut black_box(&mut played)[..most(left)]) as u64
                },
            )
        });
        at_most_rtrbs(group);
    });
}

const SPINNING: &str = "One thread pushes, another pops; either looks again at once where it must wait. The time is per item.";

fn at_most_rtrbs(group: &mut Group) {
    group.goal(Goal::at_most(1.05, RING, RTRB).cause(
        "each item waits for the position of the item before, which is stored and loaded again, as rtrb's are. For one item ours takes \
         fewer instructions, and yet 1.03 to 1.15 times the time in four runs of the same machine code: it depends on where the run has \
         its code and its memory",
    ));
}

fn write(first: &mut [f32], second: &mut [f32]) {
    let level = black_box(0.5);
    first.fill(level);
    second.fill(level);
}

fn sum(first: &[f32], second: &[f32]) -> f32 {
    first.iter().sum::<f32>() + second.iter().sum::<f32>()
}

/// The length of a slice, of which so many items are left.
fn most(left: u64) -> usize {
    usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK))
}

/// One thread sends so many items to another. The closures return how many they moved, of those
/// that are left.
fn stream<P: Send, C: Send>(
    mut producer: P,
    mut consumer: C,
    mut push: impl FnMut(&mut P, u64) -> u64 + Send,
    mut pop: impl FnMut(&mut C, u64) -> u64 + Send,
) -> impl FnMut(u64) -> Duration {
    beside(
        move |times| until_all(times, |left| push(&mut producer, left)),
        move |times| until_all(times, |left| pop(&mut consumer, left)),
    )
}

/// Calls a closure, which gets how many are left, and returns how many fewer there are, until none are.
fn until_all(times: u64, mut some: impl FnMut(u64) -> u64) {
    let (mut left, mut looks) = (times, 0);
    while left > 0 {
        match some(left) {
            0 => {
                // The other one may have lost its processor.
                looks += 1;
                if looks % 128 == 0 { thread::yield_now() } else { spin_loop() }
            }
            moved => left -= moved,
        }
    }
}
