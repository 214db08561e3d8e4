//! The barrier: where threads wait for each other.

use core::fmt;

use super::monitor::{Monitor, Waiters};
use crate::check::might_sleep;
use crate::token::Sleepable;

/// Where a number of threads wait for each other, and go on together. As [`std::sync::Barrier`].
///
/// # Context
///
/// Waiting may sleep: it takes `&mut Sleepable`. A section cannot wait for others.
///
/// # Examples
///
/// ```
/// use nonblock::{sync::Barrier, thread};
///
/// let start = Barrier::new(2);
/// nonblock::sleepable(|cx| {
///     thread::scope(cx, |scope, cx| {
///         let other = scope.spawn(|cx| start.wait(cx).is_leader());
///         let leads = start.wait(cx).is_leader();
///         assert_ne!(leads, other.join(cx).unwrap());
///     });
/// });
/// ```
pub struct Barrier {
    round: Monitor<Round>,
    waiters: Waiters,
    threads: usize,
}

/// Those that have come, and how often all have.
struct Round {
    arrived: usize,
    number: usize,
}

impl Barrier {
    /// Makes one for a number of threads. None and one wait for nobody.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new(threads: usize) -> Self {
        let round = Round { arrived: 0, number: 0 };
        Self { round: Monitor::new(round), waiters: Waiters::new(), threads }
    }

    /// Waits until as many threads wait as the barrier is for. It can be used again at once.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn wait(&self, cx: &mut Sleepable) -> BarrierWaitResult {
        let _ = cx;
        might_sleep();
        let mine = {
            let mut round = self.round.lock();
            round.arrived += 1;
            if round.arrived < self.threads {
                Some(round.number)
            } else {
                round.arrived = 0;
                round.number = round.number.wrapping_add(1);
                None
            }
        };
        match mine {
            Some(mine) => {
                self.round.wait(&self.waiters, |round| (round.number != mine).then_some(()));
            }
            None => self.waiters.wake_all(),
        }
        BarrierWaitResult { leads: mine.is_none() }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// What [`Barrier::wait`] returns: one of the threads is told that it leads.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// See [`Barrier`].
#[derive(Clone, Copy, Debug)]
pub struct BarrierWaitResult {
    leads: bool,
}

impl BarrierWaitResult {
    /// Says whether this thread is the one of its round: the last to come.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn is_leader(&self) -> bool {
        self.leads
    }
}
