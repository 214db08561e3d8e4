//! How a reaper is set up.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::format;
use std::io;

use super::event::ReapEvent;
use super::reaper::Reaper;
use crate::report::Place;

/// How often a reaper tries a victim unless told otherwise. Linux's `MAX_OOM_REAP_RETRIES` (`mm/oom_kill.c`, 6.12).
pub const TRIES: u32 = 10;

/// How long a reaper waits between two tries unless told otherwise. Linux's `HZ/10` (`mm/oom_kill.c`, 6.12).
pub const INTERVAL: Duration = Duration::from_millis(100);

/// Who is told of a reaper's progress.
pub(super) type Watcher = Box<dyn Fn(&ReapEvent) + Send>;

/// Sets a [`Reaper`] up. Made by [`Reaper::builder`].
///
/// # Context
///
/// Setting up may be done anywhere.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nonblock::oom::Reaper;
///
/// let reaper = Reaper::builder()
///     .tries(8)
///     .interval(Duration::from_millis(10))
///     .max_interval(Duration::from_millis(160)) // 10, 20, 40, 80, 160, 160 ...
///     .on_event(|event| eprintln!("try {}: {:?}", event.attempt, event.kind))
///     .spawn()?;
/// # nonblock::sleepable(|cx| reaper.shutdown(cx));
///
/// let error = Reaper::builder().tries(0).spawn().unwrap_err();
/// assert_eq!(error.to_string(), "a reaper with 0 tries takes nothing: expected at least 1");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the reaper does not run before `spawn`"]
pub struct Builder {
    pub(super) tries: u32,
    interval: Duration,
    max_interval: Option<Duration>,
    pub(super) watcher: Option<Watcher>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { tries: TRIES, interval: INTERVAL, max_interval: None, watcher: None }
    }

    /// Sets how often a victim is tried before it is given up: at least once.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// Sets how long the reaper waits, at least, from the end of a try to the next.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Lets the interval double after every try of a victim that comes to nothing or too little, up to this. Without it the
    /// interval stays as it is, as Linux's does.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn max_interval(self, max_interval: Duration) -> Self {
        Self { max_interval: Some(max_interval), ..self }
    }

    /// Sets who is told of the reaper's progress. What the reaper would otherwise report on standard error, a victim that
    /// it gives up, is then left to the watcher.
    ///
    /// A program whose standard error may be read by nobody should watch: the reaper would wait for room there.
    ///
    /// # Context
    ///
    /// The closure runs on the reaper's thread, outside a section, but the victim's memory lock may be held: it should
    /// wait for nothing, as the reaper waits for it. If it panics, the reaper goes on.
    pub fn on_event(self, watcher: impl Fn(&ReapEvent) + Send + 'static) -> Self {
        Self { watcher: Some(Box::new(watcher)), ..self }
    }

    /// Starts the reaper's thread.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread, but takes no token, as [`thread::spawn`](crate::thread::spawn): a call
    /// in a section is found at run time only.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput) for 0 tries, or an interval that is longer than what it may
    /// grow to; otherwise if the system cannot start a thread.
    #[track_caller]
    pub fn spawn(self) -> io::Result<Reaper> {
        let invalid = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        let Self { tries, interval, max_interval, .. } = self;
        if tries == 0 {
            return invalid(format!(
                "a reaper with {tries} tries takes nothing: expected at least 1"
            ));
        }
        if let Some(most) = max_interval
            && most < interval
        {
            return invalid(format!(
                "an interval of {interval:?} cannot grow to {most:?}: expected at least {interval:?}"
            ));
        }
        Reaper::start(self, Place::caller())
    }

    /// Returns how long to wait after a try: 1 for the first.
    pub(super) fn interval_after(&self, attempt: u32) -> Duration {
        let Some(most) = self.max_interval else { return self.interval };
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.interval.saturating_mul(factor).min(most)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("tries", &self.tries)
            .field("interval", &self.interval)
            .field("max_interval", &self.max_interval)
            .field("watched", &self.watcher.is_some())
            .finish()
    }
}
