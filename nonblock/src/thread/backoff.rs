//! How long to wait before a thread looks again.

use core::time::Duration;
use std::thread as native;

use super::sleep;
use crate::check::might_sleep;
use crate::token::Sleepable;

/// How often the processor is given up before the first look, and then twice as often each time.
///
/// A look takes the memory that it looks at from the threads that change it: those are delayed by every one.
const FEWEST_YIELDS: u32 = 4;

/// After this many at once, it sleeps instead.
const MOST_YIELDS: u32 = 16;

const SHORTEST: Duration = Duration::from_micros(10);
const LONGEST: Duration = Duration::from_millis(1);

/// The waits of a thread that looks again and again, each a little longer than the one before.
///
/// The first waits give the processor up 4, 8 and 16 times. Those that follow sleep, from 10 microseconds up to
/// 1 millisecond. As `crossbeam_utils::Backoff`, but for threads that may sleep, and so without an end.
///
/// # Context
///
/// A plain value. [`snooze`](Self::snooze) may sleep.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use nonblock::thread::{self, Backoff};
///
/// static READY: AtomicBool = AtomicBool::new(false);
///
/// let other = thread::spawn(|_cx| READY.store(true, Ordering::Release));
/// nonblock::sleepable(|cx| {
///     let mut backoff = Backoff::new();
///     while !READY.load(Ordering::Acquire) {
///         backoff.snooze(cx);
///     }
///     other.join(cx).unwrap();
/// });
/// ```
#[derive(Debug)]
pub struct Backoff {
    yields: u32,
    sleep: Duration,
}

impl Backoff {
    /// Makes one whose first wait is the shortest.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn new() -> Self {
        Self { yields: FEWEST_YIELDS, sleep: SHORTEST }
    }

    /// Waits, a little longer each time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`sleep`].
    #[track_caller]
    pub fn snooze(&mut self, cx: &mut Sleepable) {
        if self.yields <= MOST_YIELDS {
            might_sleep();
            for _ in 0..self.yields {
                native::yield_now();
            }
            self.yields *= 2;
        } else {
            sleep(cx, self.sleep);
            self.sleep = (self.sleep * 2).min(LONGEST);
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}
