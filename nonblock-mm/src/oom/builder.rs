//! The builder of a reaper.

use core::fmt;
use core::time::Duration;
use std::io;

use nonblock::Place;

use super::config::Config;
use super::reap_event::ReapEvent;
use super::reaper::Reaper;

/// Sets up a [`Reaper`]. Made by [`Reaper::builder`].
///
/// # Context
///
/// Every method but [`spawn`](Builder::spawn) may be called anywhere.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nonblock_mm::oom::Reaper;
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
pub struct Builder(Config);

impl Reaper {
    /// Sets up a reaper, with Linux's numbers by default.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn builder() -> Builder {
        Builder(Config::default())
    }
}

impl Builder {
    /// Sets how many times a victim is tried before it is given up, from 1.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn tries(self, tries: u32) -> Self {
        Self(Config { tries, ..self.0 })
    }

    /// Sets how long the reaper waits at least from the end of a try to the next try of the same victim.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn interval(self, interval: Duration) -> Self {
        Self(Config { interval, ..self.0 })
    }

    /// Doubles the interval after every try of a victim that leaves something, up to this maximum. Without this call the
    /// interval stays the same, as in Linux.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn max_interval(self, max_interval: Duration) -> Self {
        Self(Config { max_interval: Some(max_interval), ..self.0 })
    }

    /// Sets a watcher, which is told of the reaper's progress. A victim that is given up is then reported to the watcher, and
    /// not on standard error.
    ///
    /// If nobody may be reading the program's standard error, set a watcher. Otherwise the reaper may wait for room there.
    ///
    /// # Context
    ///
    /// The closure runs on the reaper's thread, outside a section. The victim's memory lock may be held. The closure should
    /// wait for nothing, since the reaper waits for it. If it panics, the reaper goes on.
    pub fn on_event(self, watcher: impl Fn(&ReapEvent) + Send + 'static) -> Self {
        Self(Config { watcher: Some(Box::new(watcher)), ..self.0 })
    }

    /// Starts the reaper's thread.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes a thread. It takes no token, like [`thread::spawn`](nonblock::thread::spawn), so a
    /// call in a section is found at run time only.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput) for 0 tries, or for an interval above its maximum. Otherwise if
    /// the system cannot start a thread.
    #[track_caller]
    pub fn spawn(self) -> io::Result<Reaper> {
        let invalid = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        let Config { tries, interval, max_interval, .. } = self.0;
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
        Reaper::start(self.0, Place::caller())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("tries", &self.0.tries)
            .field("interval", &self.0.interval)
            .field("max_interval", &self.0.max_interval)
            .field("watched", &self.0.watcher.is_some())
            .finish()
    }
}
