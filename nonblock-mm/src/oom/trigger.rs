//! How much stalling for memory is too much.

use core::error::Error;
use core::fmt;
use core::time::Duration;

/// The shortest window of a [`Trigger`] (`Documentation/accounting/psi.rst`, 6.12).
pub const MIN_WINDOW: Duration = Duration::from_millis(500);

/// The longest window of a [`Trigger`] (`Documentation/accounting/psi.rst`, 6.12).
pub const MAX_WINDOW: Duration = Duration::from_secs(10);

/// Whose stalling counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stall {
    /// The time in which at least one task waited for memory.
    Some,
    /// The time in which all tasks that had something to do waited for memory, and nothing was done.
    Full,
}

/// A share of time: somebody is told when tasks stalled for memory that long within a window.
///
/// Mirrors a trigger of Linux's pressure stall information (`Documentation/accounting/psi.rst`, 6.12), and is displayed
/// as one.
///
/// # Context
///
/// A value: may be made and used anywhere.
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
    /// Some task stalled that long within a window.
    ///
    /// # Arguments
    ///
    /// * `threshold`: whole microseconds, from one to the window.
    /// * `window`: whole microseconds, from [`MIN_WINDOW`] to [`MAX_WINDOW`]. The kernel wants a multiple of 2 s from who has
    ///   no `CAP_SYS_RESOURCE`.
    ///
    /// # Errors
    ///
    /// [`TriggerError`], which says what was expected.
    pub fn some(threshold: Duration, window: Duration) -> Result<Self, TriggerError> {
        Self::new(Stall::Some, threshold, window)
    }

    /// All tasks stalled that long within a window. The arguments are those of [`some`](Trigger::some).
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

    /// Returns whose stalling counts.
    pub fn stall(&self) -> Stall {
        self.stall
    }

    /// Returns how long tasks must have stalled.
    pub fn threshold(&self) -> Duration {
        self.threshold
    }

    /// Returns within how long.
    pub fn window(&self) -> Duration {
        self.window
    }
}

/// As the kernel reads it: the stall, the threshold and the window, in microseconds.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stall = match self.stall {
            Stall::Some => "some",
            Stall::Full => "full",
        };
        write!(f, "{stall} {} {}", self.threshold.as_micros(), self.window.as_micros())
    }
}

/// Why there is no such [`Trigger`].
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
    /// A time is no whole number of microseconds.
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
