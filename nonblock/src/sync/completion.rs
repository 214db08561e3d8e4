//! The kernel's completion: threads wait until something has happened.

use core::fmt;
use core::time::Duration;

use crate::check::with_token::might_sleep;
use crate::context::Context;
use crate::event_count::{EventCount, Look};
use crate::lockdep::{Class, Kind};
use crate::primitive::{AtomicUsize, Ordering};
use crate::token::Sleepable;

/// Tells waiters that something has happened: a section completes what a thread that may sleep waits for.
///
/// Each [`complete`](Self::complete) lets one waiter through, now or later; [`complete_all`](Self::complete_all) lets all
/// through from then on. Mirrors Linux's `struct completion` (`kernel/sched/completion.c`, 6.12), except for the order of
/// the waiters: here the system chooses it.
///
/// # Context
///
/// Waiting may sleep: it takes `&mut Sleepable`. Completing does not, and takes no token: it takes a lock whose holders
/// neither sleep nor allocate.
///
/// # Examples
///
/// ```
/// use nonblock::{sync::Completion, thread};
///
/// static FENCE: Completion = Completion::new();
///
/// let interrupt = thread::spawn(|cx| cx.non_block(|_nb| FENCE.complete()));
/// nonblock::sleepable(|cx| {
///     FENCE.wait(cx);
///     interrupt.join(cx).unwrap();
/// });
/// ```
pub struct Completion {
    /// How many waiters are let through. [`ALL`] lets every waiter through.
    done: AtomicUsize,
    /// Threads that wait to be let through.
    completions: EventCount,
    class: Class,
}

/// Stands for any number of waiters, and never gets less.
const ALL: usize = usize::MAX;

impl Completion {
    /// Makes a completion of something that has not happened yet.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn new() -> Self {
        Self {
            done: AtomicUsize::new(0),
            completions: EventCount::new(),
            class: Class::of(Kind::Completion),
        }
    }

    /// Gives the class of this completion a name: those of one name are of one class, wherever they are made. See
    /// [`lockdep`](crate::lockdep).
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the completion"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self
    }

    /// Lets one waiter through: one that waits, or the next that comes.
    ///
    /// Mirrors Linux's `complete()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn complete(&self) {
        let more = |done: usize| Some(done.saturating_add(1));
        let _ = self.done.try_update(Ordering::SeqCst, Ordering::Relaxed, more);
        self.completions.notify_one_after_rmw();
        self.class.complete();
    }

    /// Lets every waiter through, those that wait and those that come, until [`reinit`](Self::reinit).
    ///
    /// Mirrors Linux's `complete_all()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn complete_all(&self) {
        self.done.store(ALL, Ordering::Release);
        self.completions.notify_all();
        self.class.complete();
    }

    /// Waits to be let through.
    ///
    /// Mirrors Linux's `wait_for_completion()`.
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
    pub fn wait(&self, cx: &mut Sleepable) -> Completed<'_> {
        let _ = cx;
        might_sleep();
        self.class.wait();
        self.completions.wait(|| self.is_done(), || self.look());
        Completed { completion: self }
    }

    /// Waits to be let through, but no longer than a time. `None` if the time ran out.
    ///
    /// What was waited for may then still be under way. Pass the [`Completed`] to whatever must not begin before its end.
    ///
    /// Mirrors Linux's `wait_for_completion_timeout()`.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    #[must_use = "if the time ran out, what was waited for is still under way: touch nothing that it uses"]
    #[track_caller]
    pub fn wait_for(&self, cx: &mut Sleepable, timeout: Duration) -> Option<Completed<'_>> {
        let _ = cx;
        might_sleep();
        let passed = self.completions.wait_for(timeout, || self.is_done(), || self.look());
        passed.map(|()| Completed { completion: self })
    }

    /// Goes through if that needs no wait. `None` if it would have to wait.
    ///
    /// Mirrors Linux's `try_wait_for_completion()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[must_use = "it may not have been completed: then what it stands for is still under way"]
    pub fn try_wait(&self) -> Option<Completed<'_>> {
        self.pass().then_some(Completed { completion: self })
    }

    /// Waits to be let through if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if it would have to wait. Never for a `Sleepable`.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::{WouldBlock, sync::Completion};
    ///
    /// let fence = Completion::new();
    /// nonblock::non_block(|nb| {
    ///     assert_eq!(fence.acquire(nb).err(), Some(WouldBlock));
    ///     fence.complete();
    ///     assert!(fence.acquire(nb).is_ok());
    /// });
    /// ```
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<Completed<'_>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.wait(cx)),
            Err(refusal) => self.try_wait().ok_or(refusal),
        }
    }

    /// Says whether the next waiter would be let through at once. It may have changed when the caller looks at the
    /// answer.
    ///
    /// Mirrors Linux's `completion_done()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire) > 0
    }

    /// Forgets what was completed: the next waiter waits again.
    ///
    /// To be called when no waiter is left. A waiter that was woken and has not run yet would wait on. Mirrors Linux's `reinit_completion()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn reinit(&self) {
        self.done.store(0, Ordering::Relaxed);
    }

    /// Takes one completion, unless none is there. Where all were completed, it stays.
    fn pass(&self) -> bool {
        let mut done = self.done.load(Ordering::Acquire);
        loop {
            match done {
                0 => return false,
                ALL => return true,
                _ => {}
            }
            match self.done.compare_exchange_weak(
                done,
                done - 1,
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return true,
                Err(now) => done = now,
            }
        }
    }

    fn look(&self) -> Look<()> {
        self.pass().then_some(()).into()
    }
}

/// What a finished wait for a [`Completion`] returns: the proof that what it stands for has happened.
///
/// Only a wait that was let through makes one. So a function that must not run before the end of something takes one, and no
/// caller gets past it whose wait ran out of time. It says nothing about what begins after the wait.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::sync::{Completed, Completion};
/// use std::time::Duration;
///
/// struct Transfer {
///     done: Completion,
///     pages: Vec<u64>,
/// }
///
/// impl Transfer {
///     /// Gives the pages up. The device must be quiet.
///     fn release(&self, quiet: Completed<'_>) -> usize {
///         assert!(quiet.is_of(&self.done), "it waited for another transfer");
///         self.pages.len()
///     }
/// }
///
/// let transfer = Transfer { done: Completion::new(), pages: vec![7, 8] };
/// nonblock::sleepable(|cx| {
///     if let Some(quiet) = transfer.done.wait_for(cx, Duration::from_millis(1)) {
///         transfer.release(quiet);
///     } else {
///         cx.non_block(|_nb| transfer.done.complete()); // here: reset the device, which then completes
///         let quiet = transfer.done.wait(cx);
///         assert_eq!(transfer.release(quiet), 2);
///     }
/// });
/// ```
///
/// The result of a wait that may have run out of time is no proof:
///
/// ```compile_fail,E0308
/// # use nonblock::sync::{Completed, Completion};
/// # fn release(quiet: Completed<'_>) {}
/// # let done = Completion::new();
/// nonblock::sleepable(|cx| release(done.wait_for(cx, std::time::Duration::from_millis(1))));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Completed<'a> {
    completion: &'a Completion,
}

impl Completed<'_> {
    /// Says whether the wait was for this completion.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use = "a wait for another completion proves nothing about this one"]
    pub fn is_of(&self, completion: &Completion) -> bool {
        core::ptr::eq(self.completion, completion)
    }
}

impl Default for Completion {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion").field("done", &self.is_done()).finish_non_exhaustive()
    }
}
