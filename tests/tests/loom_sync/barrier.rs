//! In every round, no thread goes on before all have come.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use nonblock_tests::model::explore;

use crate::sync::Barrier;
use crate::token::lend_sleepable;
use crate::{Sleepable, spawn};

struct Start {
    barrier: Barrier,
    arrived: AtomicUsize,
}

impl Start {
    fn of(threads: usize) -> Arc<Self> {
        Arc::new(Self { barrier: Barrier::new(threads), arrived: AtomicUsize::new(0) })
    }

    /// Comes for a number of rounds, and returns how often it led.
    fn come(&self, threads: usize, rounds: usize, cx: &mut Sleepable) -> usize {
        (1..=rounds)
            .filter(|round| {
                // Relaxed: the barrier orders it.
                self.arrived.fetch_add(1, Ordering::Relaxed);
                let leads = self.barrier.wait(cx).is_leader();
                assert!(self.arrived.load(Ordering::Relaxed) >= round * threads);
                leads
            })
            .count()
    }
}

#[test]
fn nobody_goes_on_before_all_have_come_and_one_leads() {
    explore(3, || {
        let start = Start::of(3);
        let others = [(); 2].map(|()| spawn(&start, |start, cx| start.come(3, 1, cx)));
        let led = start.come(3, 1, &mut lend_sleepable());
        let led: usize = others.map(|other| other.join().unwrap()).iter().sum::<usize>() + led;
        assert_eq!(led, 1);
    });
}

#[test]
fn it_is_used_round_after_round() {
    explore(5, || {
        let start = Start::of(2);
        let other = spawn(&start, |start, cx| start.come(2, 2, cx));
        let led = start.come(2, 2, &mut lend_sleepable());
        assert_eq!(led + other.join().unwrap(), 2);
    });
}
