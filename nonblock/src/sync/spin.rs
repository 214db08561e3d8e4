//! The spinning kind: held in a section only, so that a section may wait for it.

use core::fmt;

use lock_api::RawMutex;

use super::guard::Guard;
use super::kind::Spinning;
use super::lock::Lock;
use crate::context::Context;
use crate::section::Section;
use crate::token::{NonBlock, lend_non_block};

impl<T: ?Sized, R: RawMutex> Lock<Spinning, T, R> {
    /// Waits for the lock and takes it.
    ///
    /// Several can be held at once, and released in any order.
    ///
    /// # Context
    ///
    /// Does not sleep: its holder cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// Locking one that this thread holds already waits for ever.
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
    pub fn lock<'a>(&'a self, nb: &'a NonBlock) -> Guard<'a, Spinning, T, R> {
        let _ = nb;
        self.wait(Section::enter())
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
    pub fn try_lock<'a>(&'a self, nb: &'a NonBlock) -> Option<Guard<'a, Spinning, T, R>> {
        let _ = nb;
        self.try_take(Section::enter())
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
        // Holding the lock is a section, so none is opened beside it. The token is one more of the
        // section's: the guard borrows none that the closure could need.
        let nb = lend_non_block();
        let mut value = self.lock(&nb);
        f(&mut value, &mut lend_non_block())
    }
}

/// Without the value: showing it could sleep, and so must not happen with the lock held.
impl<T: ?Sized, R: RawMutex> fmt::Debug for Lock<Spinning, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
