//! The barrier: a number of threads wait for each other.

use core::fmt;

use crate::check::with_token::might_sleep;
use crate::event_count::EventCount;
use crate::lockdep::{Class, Kind};
use crate::primitive::{AtomicUsize, Ordering};
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
    /// In the low bits, how many threads have arrived in this generation. Above them, how often all have arrived.
    state: AtomicUsize,
    /// Threads that wait for the end of a generation.
    ends: EventCount,
    threads: usize,
    class: Class,
}

impl Barrier {
    /// Makes a barrier for a number of threads. With zero or one, nobody waits.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn new(threads: usize) -> Self {
        Self {
            state: AtomicUsize::new(0),
            ends: EventCount::new(),
            threads,
            class: Class::of(Kind::Barrier),
        }
    }

    /// Gives the class of this barrier a name: those of one name are of one class, wherever they are made. See
    /// [`lockdep`](crate::lockdep).
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the barrier"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self
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
        self.class.wait();
        let arrived = self.arrive();
        if let Some(generation) = arrived {
            let now = || self.generation(self.state.load(Ordering::Acquire));
            self.ends.wait_while_not(|| now() != generation);
        } else {
            self.ends.notify_all();
            self.class.complete();
        }
        BarrierWaitResult { is_leader: arrived.is_none() }
    }

    /// Counts this thread. Returns the generation to wait for the end of: none for the last thread to arrive, which ends it.
    fn arrive(&self) -> Option<usize> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            let generation = self.generation(state);
            let is_last = state - generation + 1 >= self.threads;
            let with_it =
                if is_last { generation.wrapping_add(self.one_generation()) } else { state + 1 };
            match self.state.compare_exchange_weak(
                state,
                with_it,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return (!is_last).then_some(generation),
                Err(now) => state = now,
            }
        }
    }

    fn generation(&self, state: usize) -> usize {
        state & !(self.one_generation() - 1)
    }

    /// The lowest bit that no number of arrived threads reaches. So many threads that it has no such bit do not fit in memory.
    fn one_generation(&self) -> usize {
        self.threads.clamp(1, usize::MAX / 4).next_power_of_two()
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
