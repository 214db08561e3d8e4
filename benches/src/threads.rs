//! Timing threads that do something at once.
//!
//! Each has a processor of its own, if there are enough, and they begin together. A sample in which a thread lost its processor to
//! another program is taken again, since the others have everything to themselves meanwhile. So that this is not every sample on
//! a machine that has much else to do, samples are taken in short pieces.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use crate::padded::Padded;
use crate::processors::{Processors, times_interrupted};

/// How often a piece is taken until no thread was interrupted. On a machine that never lets all of them run, the one with the
/// fewest interruptions counts.
const TRIES: usize = 8;

/// In how many pieces a sample is taken.
const PIECES: u64 = 8;

/// How many times are too few for pieces.
const FEW: u64 = 256;

/// Times several threads that do something at once, each as many times as it is told.
///
/// The closure gets the thread's number, from 0, and how many times. The time is from when the first begins, all of them
/// being there, until the last has ended. Thus the time of one operation is that of one thread's.
pub fn together(threads: usize, work: impl Fn(usize, u64) + Sync) -> impl FnMut(u64) -> Duration {
    move |times| {
        let work = &work;
        undisturbed(times, |times| {
            let parts =
                (0..threads).map(|number| Box::new(move || work(number, times)) as Part<'_>);
            at_once(parts.collect())
        })
    }
}

/// Times two threads that do different things at once, each as many times as it is told: one sends, for instance, and the
/// other receives. The time is from when the first begins, both being there, until the last has ended.
pub fn beside(
    first: impl FnMut(u64) + Send,
    second: impl FnMut(u64) + Send,
) -> impl FnMut(u64) -> Duration {
    // Each may have a state of its own, which it changes all the time.
    let (mut first, mut second) = (Padded::new(first), Padded::new(second));
    move |times| {
        undisturbed(times, |times| {
            at_once(vec![Box::new(|| first(times)), Box::new(|| second(times))])
        })
    }
}

/// Times a closure, which does something as many times as it is told, in its thread's processor time, while another thread does
/// something else over and over.
pub fn while_running(
    other: impl Fn() + Sync,
    mut work: impl FnMut(u64),
) -> impl FnMut(u64) -> Duration {
    move |times| {
        let (other, work) = (&other, &mut work);
        undisturbed(times, |times| beside_loop(other, || work(times)))
    }
}

type Part<'a> = Box<dyn FnOnce() + Send + 'a>;

/// What a sample took, and how often one of its threads was interrupted.
struct Sample {
    time: Duration,
    interrupted: i64,
}

/// Takes a sample, in pieces, each of which is taken until no thread of it was interrupted.
fn undisturbed(times: u64, mut take: impl FnMut(u64) -> Sample) -> Duration {
    let pieces = if times < FEW { 1 } else { PIECES };
    let rest = times % pieces;
    (0..pieces)
        .map(|number| times / pieces + u64::from(number < rest))
        .map(|times| undisturbed_piece(|| take(times)))
        .sum()
}

fn undisturbed_piece(mut take: impl FnMut() -> Sample) -> Duration {
    let mut best = take();
    for _ in 1..TRIES {
        if best.interrupted == 0 {
            break;
        }
        let next = take();
        if next.interrupted < best.interrupted {
            best = next;
        }
    }
    best.time
}

/// Runs each part in a thread of its own.
fn at_once(parts: Vec<Part<'_>>) -> Sample {
    let processors = Processors::allowed();
    let (count, ready) = (parts.len(), AtomicUsize::new(0));
    let run = |number: usize, part: Part<'_>| {
        processors.keep_to(number, count);
        meet(&ready, count);
        let (start, before) = (Instant::now(), times_interrupted());
        part();
        (start, Instant::now(), times_interrupted() - before)
    };
    let spans: Vec<_> = thread::scope(|scope| {
        let run = &run;
        let start = |(number, part)| scope.spawn(move || run(number, part));
        let threads: Vec<_> = parts.into_iter().enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("it did not panic")).collect()
    });
    let first = spans.iter().map(|(start, _end, _)| *start).min();
    let last = spans.iter().map(|(_start, end, _)| *end).max();
    Sample {
        time: last.zip(first).map_or(Duration::ZERO, |(last, first)| last - first),
        interrupted: spans.iter().map(|(_start, _end, interrupted)| interrupted).sum(),
    }
}

/// Runs a closure once, while another thread runs one over and over.
fn beside_loop(other: &(impl Fn() + Sync), work: impl FnOnce()) -> Sample {
    let processors = Processors::allowed();
    let (runs, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let looping = scope.spawn(|| {
            processors.keep_to(1, 2);
            other();
            let before = times_interrupted();
            runs.store(true, Ordering::Release);
            while !is_over.load(Ordering::Relaxed) {
                other();
            }
            times_interrupted() - before
        });
        processors.keep_to(0, 2);
        while !runs.load(Ordering::Acquire) {
            assert!(!looping.is_finished(), "what runs beside has panicked");
            thread::yield_now();
        }
        // Else the other thread would go on for ever if this one panicked.
        let end = EndOnDrop(&is_over);
        let (start, before) = (ThreadTime::now(), times_interrupted());
        work();
        let (time, own) = (start.elapsed(), times_interrupted() - before);
        drop(end);
        Sample { time, interrupted: own + looping.join().expect("it did not panic") }
    })
}

struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until so many threads are here. It parks none of them: a thread takes longer to wake than many a sample takes.
fn meet(ready: &AtomicUsize, count: usize) {
    ready.fetch_add(1, Ordering::AcqRel);
    let mut looks = 0_u32;
    while ready.load(Ordering::Acquire) < count {
        looks += 1;
        // There may be more threads than processors.
        if looks.is_multiple_of(1024) { thread::yield_now() } else { spin_loop() }
    }
}
