//! The result of reaping a victim, and the report on it.

use core::fmt;
use core::time::Duration;

use crate::mmu::Range;

/// How the reaping of a victim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReapOutcome {
    /// All memory was taken.
    Complete,
    /// Something was left after the last try.
    GivenUp,
    /// It was cancelled: by [`Reaping::cancel`](super::Reaping::cancel), or by
    /// [`Reaper::abandon`](super::Reaper::abandon).
    Cancelled,
}

/// A mapping that was not taken at once, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The range of the mapping.
    pub range: Range,
    /// How many times a driver refused it.
    pub refusals: u32,
    /// How many times a driver's callback panicked.
    pub panics: u32,
    /// How many times the kernel refused to take its pages.
    pub failures: u32,
    /// Whether it was taken in the end.
    pub taken: bool,
}

/// One line without a newline: the range, and how many times what held it.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.range)?;
        let causes = [
            (self.refusals, "refused by a driver"),
            (self.panics, "a driver panicked"),
            (self.failures, "refused by the kernel"),
        ];
        let mut separator = "";
        for (times, cause) in causes.into_iter().filter(|(times, _)| *times > 0) {
            write!(f, "{separator}{cause} {}", Times(times))?;
            separator = ", ";
        }
        if self.taken { write!(f, "; taken in the end") } else { Ok(()) }
    }
}

/// The result of reaping a victim.
///
/// Its `Display` form is a report in the words of Linux (`oom_reap_task()`, `mm/oom_kill.c`, 6.12). If not all memory was
/// taken, further lines show what held it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use nonblock_mm::memory::Mm;
/// use nonblock_mm::oom::Reaper;
///
/// let reaper = Reaper::builder().tries(2).interval(Duration::ZERO).on_event(|_| {}).spawn()?;
/// let victim = Arc::new(Mm::named("browser"));
/// nonblock::sleepable(|cx| {
///     victim.map(1 << 20, cx)?;
///     let lock = victim.lock(cx);
///     let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
///     drop(lock);
///     let pid = std::process::id();
///     let report = reaped.to_string();
///     assert!(report.starts_with(&format!("oom_reaper: unable to reap pid:{pid} (browser)")));
///     assert!(report.ends_with("the memory lock was held 2 times"));
///     reaper.shutdown(cx);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reaped {
    /// The victim's [name](crate::memory::Mm::name).
    pub name: String,
    /// How it ended.
    pub outcome: ReapOutcome,
    /// How many bytes were resident before the first try, if the kernel tells it.
    pub resident_before: Option<usize>,
    /// How many bytes were resident after the last try, if the kernel tells it.
    pub resident_after: Option<usize>,
    /// How many tries were made.
    pub attempts: u32,
    /// In how many tries the memory lock was held by another thread.
    pub busy: u32,
    /// How many times a driver refused a range.
    pub refusals: u32,
    /// How many times a driver's callback panicked.
    pub panics: u32,
    /// How many times the kernel refused to take a range's pages.
    pub failures: u32,
    /// The ranges whose pages were taken, in the order in which they were taken.
    pub taken: Vec<Range>,
    /// The ranges that were mapped at the end and had not been taken.
    pub skipped: Vec<Range>,
    /// The ranges that were not taken at once, by address.
    pub held: Vec<Held>,
    /// The time from the call of [`Reaper::reap`](super::Reaper::reap) to the end.
    pub elapsed: Duration,
}

impl Reaped {
    /// Returns whether all memory was taken. If not, the [outcome](Reaped::outcome) tells why.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_complete(&self) -> bool {
        self.outcome == ReapOutcome::Complete
    }

    /// Returns how many bytes fewer are resident than before, if the kernel tells it.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn reclaimed(&self) -> Option<usize> {
        Some(self.resident_before?.saturating_sub(self.resident_after?))
    }
}

/// One line, and further lines for what held the memory if not all was taken. No newline at the end.
impl fmt::Display for Reaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.outcome {
            ReapOutcome::Complete => "reaped process ",
            ReapOutcome::GivenUp => "unable to reap pid:",
            ReapOutcome::Cancelled => "called off pid:",
        };
        let (pid, name) = (std::process::id(), &self.name);
        write!(f, "oom_reaper: {verdict}{pid} ({name}), now anon-rss:")?;
        write!(f, "{}", Kilobytes(self.resident_after))?;
        write!(f, ", before:{}", Kilobytes(self.resident_before))?;
        let tries = if self.attempts == 1 { "try" } else { "tries" };
        write!(f, ", after {} {tries} in {:.3} s", self.attempts, self.elapsed.as_secs_f64())?;
        if self.is_complete() {
            return Ok(());
        }
        for held in &self.held {
            write!(f, "\n  {held}")?;
        }
        if self.busy > 0 {
            write!(f, "\n  the memory lock was held {}", Times(self.busy))?;
        }
        Ok(())
    }
}

/// A number of bytes, as Linux's report writes it.
struct Kilobytes(Option<usize>);

impl fmt::Display for Kilobytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => write!(f, "{}kB", bytes / 1024),
            None => f.write_str("unknown"),
        }
    }
}

/// A number of times, in words.
struct Times(u32);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} time{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
