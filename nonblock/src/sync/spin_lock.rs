//! The lock for one holder that is held in a section only, so that a section may wait for it, and its guards.

use core::fmt;

use lock_api::RawMutexFair;

use super::macros::{guard, lock, map, parts, unlock_fair};
use super::raw_lock::RawSpinLock;
use super::raw_spin_tag::RawSpin;
use crate::context::Context;
use crate::lockdep::{Class, Taken};
use crate::section::Section;
use crate::token::{NonBlock, lend_non_block};

/// A lock that is held in a section only.
///
/// The holder cannot sleep, so whoever waits for it waits for running code. A waiter spins: it makes no system call and
/// keeps its processor, on every platform. So hold the lock for a few instructions.
///
/// In user space the holder can lose its processor, and whoever waits spins until the holder has it back. A thread with
/// a real-time policy that must not wait that long takes the lock by [`try_lock`](Self::try_lock). On one processor such a
/// thread could spin for ever, since an ordinary holder does not run before it: there, only try. A real-time thread that has
/// to outwait an ordinary holder needs a [`Mutex`](crate::sync::Mutex) over `RawPiMutex` (feature `pi`), outside of sections.
///
/// # The raw lock
///
/// `R` is [`RawSpin`], which [`new`](Self::new) takes, or any [`RawMutex`] of the crate `lock_api`. Name that in the type,
/// and make the lock by [`with_raw`](Self::with_raw).
///
/// [`RawMutex`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawMutex.html
///
/// # Context
///
/// To be taken in a section: `lock` takes `&NonBlock`; `with` opens the section itself. Making a lock, looking at it and
/// taking it apart does not sleep.
///
/// # Examples
///
/// ```
/// use nonblock::sync::SpinLock;
///
/// let hits = SpinLock::new(0);
/// nonblock::sleepable(|cx| {
///     hits.with(cx, |hits, _nb| *hits += 1);
///     cx.non_block(|nb| *hits.lock(nb) += 1);
/// });
/// assert_eq!(hits.into_inner(), 2);
/// ```
///
/// A spin lock that serves its waiters in turn:
///
/// ```
/// use nonblock::sync::SpinLock;
///
/// type FairSpinLock<T> = SpinLock<T, parking_lot::RawFairMutex>;
///
/// static HITS: FairSpinLock<u32> = FairSpinLock::with_raw(0);
///
/// nonblock::non_block(|nb| *HITS.lock(nb) += 1);
/// ```
// The raw lock comes last and has a default, so that the compiler's messages leave it out.
pub struct SpinLock<T: ?Sized, R: RawSpinLock = RawSpin> {
    class: Class,
    inner: lock_api::Mutex<R::Raw, T>,
}

lock!(SpinLock<RawSpinLock> of lock_api::Mutex, all());

impl<T: ?Sized, R: RawSpinLock> SpinLock<T, R> {
    /// Waits for the lock and takes it.
    ///
    /// Several can be held at once, and released in any order.
    ///
    /// # Context
    ///
    /// Does not sleep: its holder cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// A thread that holds the lock already waits for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinLock;
    /// let (a, b) = (SpinLock::new(1), SpinLock::new(2));
    /// nonblock::non_block(|nb| {
    ///     let (mut a, mut b) = (a.lock(nb), b.lock(nb));
    ///     std::mem::swap(&mut *a, &mut *b);
    /// });
    /// assert_eq!(a.into_inner(), 2);
    /// ```
    ///
    /// ```compile_fail
    /// # use nonblock::sync::SpinLock;
    /// let lock = SpinLock::new(1);
    /// let guard = nonblock::non_block(|nb| lock.lock(nb)); // the guard would outlive its section
    /// ```
    #[inline]
    #[track_caller]
    pub fn lock<'a>(&'a self, nb: &'a NonBlock) -> SpinLockGuard<'a, T, R> {
        let _ = nb;
        // Entered before the wait, so that it lasts as long.
        let section = Section::enter();
        let taken = Taken::waiting(&self.class);
        SpinLockGuard { inner: self.inner.lock(), section, taken }
    }

    /// Takes the lock if it is free.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinLock;
    /// let lock = SpinLock::new(1);
    /// nonblock::non_block(|nb| {
    ///     let held = lock.try_lock(nb);
    ///     assert!(held.is_some());
    ///     assert!(lock.try_lock(nb).is_none());
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock<'a>(&'a self, nb: &'a NonBlock) -> Option<SpinLockGuard<'a, T, R>> {
        let _ = nb;
        let section = Section::enter();
        let inner = self.inner.try_lock()?;
        Some(SpinLockGuard { inner, section, taken: Taken::tried(&self.class) })
    }

    /// Runs the closure with the lock held, in a section that it opens from any context.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token, and lends the closure a `&mut NonBlock`, with which it can
    /// take further locks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinLock;
    /// let (from, to) = (SpinLock::new(5), SpinLock::new(0));
    /// nonblock::sleepable(|cx| {
    ///     from.with(cx, |from, nb| to.with(nb, |to, _nb| *to += std::mem::take(from)));
    /// });
    /// assert_eq!(to.into_inner(), 5);
    /// ```
    #[inline]
    #[track_caller]
    pub fn with<C: Context, Output>(
        &self,
        cx: &mut C,
        f: impl FnOnce(&mut T, &mut NonBlock) -> Output,
    ) -> Output {
        let _ = cx;
        // Holding the lock is a section, so no other is opened.
        let nb = lend_non_block();
        let mut held = self.lock(&nb);
        let (value, nb) = held.parts();
        f(value, nb)
    }
}

/// Does not show the value: that could sleep, and so must not happen with the lock held.
impl<T: ?Sized, R: RawSpinLock> fmt::Debug for SpinLock<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}

guard! {
    /// A held [`SpinLock`]: gives access to the value, and unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// See [`SpinLock`].
    SpinLockGuard<RawSpinLock = RawSpin, [all()]> of lock_api::MutexGuard<R::Raw>, Section, DerefMut
}

guard! {
    /// A held [`SpinLock`], of whose value a part can be reached. Made by [`SpinLockGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::NonBlock;
    /// use nonblock::sync::{MappedSpinLockGuard, SpinLock, SpinLockGuard};
    ///
    /// struct Device {
    ///     state: SpinLock<(bool, [u32; 4])>,
    /// }
    ///
    /// impl Device {
    ///     fn registers<'a>(&'a self, nb: &'a NonBlock) -> MappedSpinLockGuard<'a, [u32; 4]> {
    ///         SpinLockGuard::map(self.state.lock(nb), |state| &mut state.1)
    ///     }
    /// }
    ///
    /// let device = Device { state: SpinLock::new((true, [0; 4])) };
    /// nonblock::non_block(|nb| device.registers(nb)[0] = 1);
    /// ```
    MappedSpinLockGuard<RawSpinLock = RawSpin, [all()]> of lock_api::MappedMutexGuard<R::Raw>, Section, DerefMut
}

map!(SpinLockGuard<RawSpinLock> of lock_api::MutexGuard => MappedSpinLockGuard, mut);
map!(MappedSpinLockGuard<RawSpinLock> of lock_api::MappedMutexGuard => MappedSpinLockGuard, mut);
unlock_fair!(SpinLockGuard<RawMutexFair> of lock_api::MutexGuard);
parts!(SpinLockGuard<RawSpinLock>, mut);
parts!(MappedSpinLockGuard<RawSpinLock>, mut);
