//! How long a thread waits before it looks again.

use core::time::Duration;
use std::thread as native;

use super::sleep;
use crate::check::with_token::might_sleep;
use crate::token::Sleepable;

/// How often the first wait yields the processor. Each later wait yields twice as often as the one before.
///
/// Each look delays the threads that change the memory, since it takes the cache line from them.
const MIN_YIELDS: u32 = 4;

/// A wait that would yield more often than this sleeps instead.
const MAX_YIELDS: u32 = 16;

const MIN_SLEEP: Duration = Duration::from_micros(10);
const MAX_SLEEP: Duration = Duration::from_millis(1);

/// The waits of a thread that looks for something again and again. Each wait is longer than the one before.
///
/// The first three waits yield the processor 4, 8 and 16 times. The waits that follow sleep, from 10 microseconds up to
/// 1 millisecond. It is like `crossbeam_utils::Backoff`, but for threads that may sleep, and so it has no end.
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
    /// Makes a backoff that has not waited yet.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn new() -> Self {
        Self { yields: MIN_YIELDS, sleep: MIN_SLEEP }
    }

    /// Waits, longer each time.
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
        if self.yields <= MAX_YIELDS {
            might_sleep();
            for _ in 0..self.yields {
                native::yield_now();
            }
            self.yields *= 2;
        } else {
            sleep(cx, self.sleep);
            self.sleep = (self.sleep * 2).min(MAX_SLEEP);
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}
