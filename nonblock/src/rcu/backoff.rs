//! How long to wait before looking again.

use core::time::Duration;

use crate::thread;
use crate::token::Sleepable;

/// How often the processor is given up before sleeping.
const YIELDS: u32 = 16;

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
        Self { yields: 0, sleep: SHORTEST }
    }

    #[track_caller]
    pub(crate) fn pause(&mut self, cx: &mut Sleepable) {
        if self.yields < YIELDS {
            self.yields += 1;
            std::thread::yield_now();
        } else {
            thread::sleep(cx, self.sleep);
            self.sleep = (self.sleep * 2).min(LONGEST);
        }
    }
}
