//! How long to wait before looking, and looking again, whether readers are left.

use core::time::Duration;

use crate::thread;
use crate::token::Sleepable;

/// How often the processor is given up before the first look, and then twice as often each time.
///
/// A look takes the counters that it looks at from the threads that count: those are delayed by every one.
const FEWEST_YIELDS: u32 = 4;

/// With more to come, it sleeps instead.
const MOST_YIELDS: u32 = 16;

/// With how many replaced values it is time to look, though nobody waits for their end.
pub(super) const MUCH: usize = 8;

const SHORTEST: Duration = Duration::from_micros(10);
const LONGEST: Duration = Duration::from_millis(1);

/// Waits a little longer each time: for callbacks that end soon, mostly.
#[derive(Debug)]
pub(crate) struct Backoff {
    yields: u32,
    sleep: Duration,
}

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { yields: FEWEST_YIELDS, sleep: SHORTEST }
    }

    #[track_caller]
    pub(crate) fn pause(&mut self, cx: &mut Sleepable) {
        if self.yields <= MOST_YIELDS {
            for _ in 0..self.yields {
                std::thread::yield_now();
            }
            self.yields *= 2;
        } else {
            thread::sleep(cx, self.sleep);
            self.sleep = (self.sleep * 2).min(LONGEST);
        }
    }
}
