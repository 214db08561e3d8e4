//! The barrier: a number of threads wait for each other.

use core::fmt;

use super::monitor::{Monitor, Waiters};
use crate::check::with_token::might_sleep;
use crate::token::Sleepable;

/// A place where a number of threads wait for each other, and go on together. As [`std::sync::Barrier`].
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
    state: Monitor<State>,
    waiters: Waiters,
    threads: usize,
}

struct State {
    /// How many threads have arrived in this generation.
    arrived: usize,
    /// How often all threads have arrived.
    generation: usize,
}

impl Barrier {
    /// Makes a barrier for a number of threads. With zero or one, nobody waits.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new(threads: usize) -> Self {
        let state = State { arrived: 0, generation: 0 };
        Self { state: Monitor::new(state), waiters: Waiters::new(), threads }
    }

    /// Waits until as many threads have come as the barrier is for. It can be used again at once.
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
        // The generation to wait for the end of. The last thread to arrive waits for none.
        let to_wait_for = {
            let mut state = self.state.lock();
            state.arrived += 1;
            if state.arrived < self.threads {
                Some(state.generation)
            } else {
                state.arrived = 0;
                state.generation = state.generation.wrapping_add(1);
                None
            }
        };
        match to_wait_for {
            Some(mine) => {
                self.state.wait(&self.waiters, |state| (state.generation != mine).then_some(()));
            }
            None => self.waiters.wake_all(),
        }
        BarrierWaitResult { is_leader: to_wait_for.is_none() }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// What [`Barrier::wait`] returns: it makes one of the threads the leader.
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
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Says whether this thread is the leader: the last one to arrive.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn is_leader(&self) -> bool {
        self.is_leader
    }
}
