//! Whether a call waits for another thread that has stopped: after any instruction of what it does, or while it holds something.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::steps;
use crate::bench::Bench;

/// What became of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Each ended while the other thread stood still.
    GoesOn,
    /// One ended only when the other thread went on.
    Waits,
}

/// After how long a call that has not ended waits, and how long of it the thread must have had a processor if it did not sleep.
const PATIENCE: Duration = Duration::from_millis(300);
const OF_PROCESSOR: Duration = Duration::from_millis(60);

/// After how long a call hangs that should have ended.
const TOO_LONG: Duration = Duration::from_secs(20);

/// At how many places a peer is stopped at most, and for how many instructions in all: it begins anew for each place.
const PLACES: u64 = 2500;
const INSTRUCTIONS: u64 = 3_000_000;

/// A thread that makes a call when it is told to.
#[derive(Default)]
struct Caller {
    thread: AtomicI32,
    asked: AtomicU64,
    done: AtomicU64,
    ends: AtomicBool,
}

impl Caller {
    fn run(&self, call: &dyn Fn()) {
        // SAFETY: this takes nothing.
        self.thread.store(unsafe { libc::gettid() }, Ordering::SeqCst);
        while !self.ends.load(Ordering::SeqCst) {
            let asked = self.asked.load(Ordering::SeqCst);
            if asked > self.done.load(Ordering::SeqCst) {
                call();
                self.done.store(asked, Ordering::SeqCst);
            } else {
                thread::yield_now();
            }
        }
    }

    fn ask(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst) == self.asked.load(Ordering::SeqCst)
    }

    /// Waits until the call has ended, or it is certain that it waits.
    fn ends_or_waits(&self) -> Beside {
        let (begin, processor) = (Instant::now(), self.processor_time());
        loop {
            if self.is_done() {
                return Beside::GoesOn;
            }
            if begin.elapsed() > PATIENCE
                && (self.sleeps() || self.processor_time() > processor + OF_PROCESSOR)
            {
                // It may have ended just now.
                return if self.is_done() { Beside::GoesOn } else { Beside::Waits };
            }
            thread::yield_now();
        }
    }

    fn assert_ends(&self) {
        let begin = Instant::now();
        while !self.is_done() {
            assert!(
                begin.elapsed() < TOO_LONG,
                "a call does not end, although nobody stands still"
            );
            thread::yield_now();
        }
    }

    /// The line of the kernel about the thread, from its state on.
    fn stat(&self) -> String {
        let thread = self.thread.load(Ordering::SeqCst);
        let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
        let stat = stat.expect("the thread runs");
        stat.rsplit(") ").next().expect("it has a state").to_owned()
    }

    fn sleeps(&self) -> bool {
        self.stat().starts_with('S')
    }

    fn processor_time(&self) -> Duration {
        let stat = self.stat();
        let ticks = stat.split(' ').skip(11).take(2);
        Duration::from_millis(
            ticks.map(|ticks| ticks.parse::<u64>().expect("a number")).sum::<u64>() * 10,
        )
    }
}

/// Runs calls beside a peer that is stopped after each of its instructions, one after another.
pub fn beside_stopped(bench: &Bench<'_>, peer: &(dyn Fn() + Sync)) -> Beside {
    steps::install();
    let (caller, stepper) = (Caller::default(), Caller::default());
    // How many instructions the peer had when it was not stopped.
    let length = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| caller.run(&|| (bench.call)()));
        scope.spawn(|| {
            stepper.run(&|| {
                if let Some(steps) = steps::run(peer) {
                    length.store(steps, Ordering::SeqCst);
                }
            });
        });
        // Both have done it before.
        for _ in 0..20 {
            (bench.prepare)();
            steps::ready(u64::MAX);
            stepper.ask();
            stepper.assert_ends();
            caller.ask();
            caller.assert_ends();
            (bench.after)();
        }
        let steps = length.load(Ordering::SeqCst);
        let places = steps.min(PLACES).min(2 * INSTRUCTIONS / steps.max(1)).max(1);
        let mut beside = Beside::GoesOn;
        for place in 1..=places {
            (bench.prepare)();
            steps::ready(place * steps / places);
            stepper.ask();
            while !stepper.is_done() && !steps::is_stopped() {
                thread::yield_now();
            }
            let has_stopped = steps::is_stopped();
            caller.ask();
            if has_stopped {
                beside = caller.ends_or_waits();
                steps::go_on();
            }
            stepper.assert_ends();
            caller.assert_ends();
            (bench.after)();
            if beside == Beside::Waits {
                break;
            }
        }
        end(&caller);
        end(&stepper);
        beside
    })
}

fn end(caller: &Caller) {
    caller.ends.store(true, Ordering::SeqCst);
}

/// Runs calls beside a thread that stands still in the middle of something: the holder is given what stops it.
pub fn beside_holder(bench: &Bench<'_>, holder: &(dyn Fn(&dyn Fn()) + Sync)) -> Beside {
    let caller = Caller::default();
    let (holds, lets_go) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| caller.run(&|| (bench.call)()));
        (bench.prepare)();
        caller.ask();
        caller.assert_ends();
        (bench.after)();
        (bench.prepare)();
        scope.spawn(|| {
            holder(&|| {
                holds.store(true, Ordering::SeqCst);
                while !lets_go.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
            });
        });
        while !holds.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        caller.ask();
        let beside = caller.ends_or_waits();
        lets_go.store(true, Ordering::SeqCst);
        caller.assert_ends();
        (bench.after)();
        end(&caller);
        beside
    })
}
