//! A trigger of memory pressure: how much stalling is reported.

use core::error::Error;
use core::fmt;
use core::time::Duration;

/// The shortest window of a [`Trigger`] (`Documentation/accounting/psi.rst`, 6.12).
pub const MIN_WINDOW: Duration = Duration::from_millis(500);

/// The longest window of a [`Trigger`] (`Documentation/accounting/psi.rst`, 6.12).
pub const MAX_WINDOW: Duration = Duration::from_secs(10);

/// Which tasks' stalls count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stall {
    /// The time in which at least one task waited for memory.
    Some,
    /// The time in which all tasks that were not idle waited for memory at once, so that no work was done.
    Full,
}

/// A threshold of memory pressure: the kernel reports it when tasks stall for memory this long within a window.
///
/// Mirrors a trigger of Linux's pressure stall information (`Documentation/accounting/psi.rst`, 6.12). Its `Display` form is
/// what the kernel reads.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nonblock_mm::oom::Trigger;
///
/// let trigger = Trigger::some(Duration::from_millis(150), Duration::from_secs(2))?;
/// assert_eq!(trigger.to_string(), "some 150000 2000000");
///
/// let error = Trigger::full(Duration::from_secs(3), Duration::from_secs(2)).unwrap_err();
/// assert_eq!(error.to_string(), "a stall of 3s in a window of 2s: expected from 1µs to the window");
/// # Ok::<(), nonblock_mm::oom::TriggerError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trigger {
    stall: Stall,
    threshold: Duration,
    window: Duration,
}

impl Trigger {
    /// Makes a trigger for the time in which at least one task stalled.
    ///
    /// # Arguments
    ///
    /// * `threshold`: whole microseconds, from one to the window.
    /// * `window`: whole microseconds, from [`MIN_WINDOW`] to [`MAX_WINDOW`]. From a
    ///   process without `CAP_SYS_RESOURCE`, the kernel accepts only a multiple of 2 s.
    ///
    /// # Errors
    ///
    /// [`TriggerError`], which says what was expected.
    pub fn some(threshold: Duration, window: Duration) -> Result<Self, TriggerError> {
        Self::new(Stall::Some, threshold, window)
    }

    /// Makes a trigger for the time in which all tasks stalled. The arguments are those of [`some`](Trigger::some).
    ///
    /// # Errors
    ///
    /// [`TriggerError`], which says what was expected.
    pub fn full(threshold: Duration, window: Duration) -> Result<Self, TriggerError> {
        Self::new(Stall::Full, threshold, window)
    }

    fn new(stall: Stall, threshold: Duration, window: Duration) -> Result<Self, TriggerError> {
        if !(MIN_WINDOW..=MAX_WINDOW).contains(&window) {
            return Err(TriggerError::Window { window });
        }
        if !(Duration::from_micros(1)..=window).contains(&threshold) {
            return Err(TriggerError::Threshold { threshold, window });
        }
        match [threshold, window].into_iter().find(|time| time.subsec_nanos() % 1000 != 0) {
            Some(time) => Err(TriggerError::Fraction { time }),
            None => Ok(Self { stall, threshold, window }),
        }
    }

    /// Returns which tasks' stalls count.
    pub fn stall(&self) -> Stall {
        self.stall
    }

    /// Returns how long tasks must stall within the window.
    pub fn threshold(&self) -> Duration {
        self.threshold
    }

    /// Returns the length of the window.
    pub fn window(&self) -> Duration {
        self.window
    }
}

/// The form that the kernel reads: the stall, and the threshold and the window in microseconds.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stall = match self.stall {
            Stall::Some => "some",
            Stall::Full => "full",
        };
        write!(f, "{stall} {} {}", self.threshold.as_micros(), self.window.as_micros())
    }
}

/// Why a [`Trigger`] could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TriggerError {
    /// The window is too short, or too long.
    Window {
        /// The window that was asked for.
        window: Duration,
    },
    /// The threshold is 0, or longer than the window.
    Threshold {
        /// The threshold that was asked for.
        threshold: Duration,
        /// The window that was asked for.
        window: Duration,
    },
    /// A time is not a whole number of microseconds.
    Fraction {
        /// The time that was asked for.
        time: Duration,
    },
}

impl fmt::Display for TriggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { window } => {
                write!(f, "a window of {window:?}: expected from {MIN_WINDOW:?} to {MAX_WINDOW:?}")
            }
            Self::Threshold { threshold, window } => write!(
                f,
                "a stall of {threshold:?} in a window of {window:?}: expected from 1µs to the window"
            ),
            Self::Fraction { time } => {
                write!(f, "a time of {time:?}: expected a whole number of microseconds")
            }
        }
    }
}

impl Error for TriggerError {}
