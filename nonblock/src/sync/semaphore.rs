//! The counting semaphore: a number of permits, for which threads wait.

use core::fmt;
use core::time::Duration;

use crate::check::with_token::might_sleep;
use crate::context::Context;
use crate::event_count::{EventCount, Look};
use crate::lockdep::{Class, Kind, Loan};
use crate::primitive::{AtomicUsize, Ordering};
use crate::token::Sleepable;

/// A number of permits, for which threads wait when all are taken.
///
/// It can be used in two ways, also mixed. As in Linux, [`down`](Self::down) takes a permit, and [`up`](Self::up) gives one
/// back, from any thread. Or a guard keeps the permit: [`acquire`](Self::acquire), [`try_acquire`](Self::try_acquire) and
/// [`try_acquire_for`](Self::try_acquire_for) return a [`SemaphorePermit`], which gives it back when dropped.
///
/// Mirrors Linux's `struct semaphore` (`kernel/locking/semaphore.c`, 6.12), except for the order: there a permit is handed
/// to the thread that waits longest, and here a thread that comes later may overtake it.
///
/// # Context
///
/// Waiting for a permit may sleep: it takes `&mut Sleepable`. Trying and giving back do not sleep, and take no token.
///
/// # Examples
///
/// ```
/// use nonblock::sync::Semaphore;
///
/// static CHANNELS: Semaphore = Semaphore::new(2);
///
/// nonblock::sleepable(|cx| {
///     CHANNELS.down(cx);
///     let Ok(permit) = CHANNELS.acquire(cx);
///     assert!(!CHANNELS.try_down());
///     drop(permit);
///     cx.non_block(|_nb| CHANNELS.up());
/// });
/// assert_eq!(CHANNELS.available(), 2);
/// ```
pub struct Semaphore {
    permits: AtomicUsize,
    /// Threads that wait for a permit.
    returns: EventCount,
    class: Class,
}

impl Semaphore {
    /// Makes a semaphore with a number of permits.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn new(permits: usize) -> Self {
        Self {
            permits: AtomicUsize::new(permits),
            returns: EventCount::new(),
            class: Class::of(Kind::Semaphore),
        }
    }

    /// Gives the class of this semaphore a name: those of one name are of one class, wherever they are made. See
    /// [`lockdep`](crate::lockdep).
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the semaphore"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self
    }

    /// Waits for a permit and takes it, to be given back by [`up`](Self::up).
    ///
    /// Mirrors Linux's `down()`.
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
    pub fn down(&self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        self.class.wait();
        self.wait_for_permit();
    }

    #[inline]
    fn wait_for_permit(&self) {
        if self.returns.has_line() || !self.try_down() {
            self.returns.wait(|| self.available() > 0, || self.look());
        }
    }

    /// Takes a permit if there is one; says whether it did.
    ///
    /// Mirrors Linux's `down_trylock()`, which returns the opposite.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[must_use = "all permits may have been taken"]
    pub fn try_down(&self) -> bool {
        let less = |permits: usize| permits.checked_sub(1);
        self.permits.try_update(Ordering::Acquire, Ordering::Relaxed, less).is_ok()
    }

    /// Waits for a permit, but no longer than a time; says whether it took one.
    ///
    /// Mirrors Linux's `down_timeout()`.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`down`](Self::down).
    #[must_use = "if the time ran out, no permit was taken: do not do what needs one"]
    #[track_caller]
    pub fn down_timeout(&self, cx: &mut Sleepable, timeout: Duration) -> bool {
        let _ = cx;
        might_sleep();
        self.returns.wait_for(timeout, || self.available() > 0, || self.look()).is_some()
    }

    /// Gives a permit back, or adds one.
    ///
    /// Mirrors Linux's `up()`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Panics
    ///
    /// If there are `usize::MAX` permits.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn up(&self) {
        self.put_back();
        self.class.complete();
    }

    #[inline]
    fn put_back(&self) {
        let more = |permits: usize| permits.checked_add(1);
        let added = self.permits.try_update(Ordering::SeqCst, Ordering::Relaxed, more);
        assert!(added.is_ok(), "a semaphore with more than usize::MAX permits");
        self.returns.notify_one_after_rmw();
    }

    /// Waits for a permit if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if all permits are taken. Never for a `Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`down`](Self::down).
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<SemaphorePermit<'_>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => {
                let _ = cx;
                might_sleep();
                self.class.wait();
                self.wait_for_permit();
                Ok(self.permit())
            }
            Err(refusal) => self.try_acquire().ok_or(refusal),
        }
    }

    /// Takes a permit if there is one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.try_down().then(|| self.permit())
    }

    /// Waits for a permit, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`down`](Self::down).
    #[must_use = "if the time ran out, no permit was taken: do not do what needs one"]
    #[track_caller]
    pub fn try_acquire_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<SemaphorePermit<'_>> {
        self.down_timeout(cx, timeout).then(|| self.permit())
    }

    /// Holds a permit that was taken.
    #[inline]
    fn permit(&self) -> SemaphorePermit<'_> {
        SemaphorePermit { semaphore: self, loan: Loan::taken() }
    }

    /// Returns how many permits there are to be taken. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn available(&self) -> usize {
        self.permits.load(Ordering::Acquire)
    }

    fn look(&self) -> Look<()> {
        self.try_down().then_some(()).into()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}

/// A permit of a [`Semaphore`], given back when dropped.
///
/// It may be held across a sleep or in a section, and moved to another thread. If it is forgotten, the permit stays taken until
/// [`Semaphore::up`] is called in its place.
///
/// # Context
///
/// Dropping it does not sleep.
///
/// # Examples
///
/// See [`Semaphore`].
#[must_use = "the permit is given back at once if it is not kept: bind it to a name, since `let _` gives it back too"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    loan: Loan,
}

impl SemaphorePermit<'_> {
    /// Keeps the permit from being given back; [`Semaphore::up`] may do so.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn forget(self) {
        core::mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.semaphore.put_back();
        self.loan.given_back(&self.semaphore.class);
    }
}
