//! The spinning read-write lock: held in a section only, so that a section may wait for it.

use core::fmt;

use lock_api::RawRwLock;

use super::guard::{ReadGuard, WriteGuard};
use super::kind::Spinning;
use super::shared_lock::ReadWriteLock;
use crate::context::Context;
use crate::section::Section;
use crate::token::{NonBlock, lend_non_block};

impl<T: ?Sized, R: RawRwLock> ReadWriteLock<Spinning, T, R> {
    /// Waits until nobody writes, and takes the lock to read.
    ///
    /// # Context
    ///
    /// Does not sleep: its holders cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// Reading again while this thread reads already may wait for ever, if a writer waits between the two.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinRwLock;
    /// let ranges = SpinRwLock::new([0..4096]);
    /// nonblock::non_block(|nb| assert_eq!(ranges.read(nb)[0].end, 4096));
    /// ```
    #[inline]
    #[track_caller]
    pub fn read<'a>(&'a self, nb: &'a NonBlock) -> ReadGuard<'a, Spinning, T, R> {
        let _ = nb;
        self.wait_to_read(Section::enter())
    }

    /// Waits until nobody holds the lock, and takes it to write.
    ///
    /// # Context
    ///
    /// Does not sleep: its holders cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// Taking one that this thread holds already waits for ever.
    #[inline]
    #[track_caller]
    pub fn write<'a>(&'a self, nb: &'a NonBlock) -> WriteGuard<'a, Spinning, T, R> {
        let _ = nb;
        self.wait_to_write(Section::enter())
    }

    /// Takes the lock to read if nobody writes, or waits to.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes `&NonBlock`, and the guard cannot leave that section.
    #[inline]
    #[track_caller]
    pub fn try_read<'a>(&'a self, nb: &'a NonBlock) -> Option<ReadGuard<'a, Spinning, T, R>> {
        let _ = nb;
        self.try_to_read(Section::enter())
    }

    /// Takes the lock to write if nobody holds it.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes `&NonBlock`, and the guard cannot leave that section.
    #[inline]
    #[track_caller]
    pub fn try_write<'a>(&'a self, nb: &'a NonBlock) -> Option<WriteGuard<'a, Spinning, T, R>> {
        let _ = nb;
        self.try_to_write(Section::enter())
    }

    /// Runs the closure while reading, in a section that it opens from any context.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token, and lends the closure a `&mut NonBlock`, with which it can
    /// take further locks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinRwLock;
    /// let ranges = SpinRwLock::new([0..4096]);
    /// nonblock::sleepable(|cx| {
    ///     assert_eq!(ranges.with_read(cx, |ranges, _nb| ranges[0].end), 4096);
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn with_read<C: Context, Output>(
        &self,
        cx: &mut C,
        f: impl FnOnce(&T, &mut NonBlock) -> Output,
    ) -> Output {
        let _ = cx;
        // As with the spin lock: holding it is a section.
        let nb = lend_non_block();
        let value = self.read(&nb);
        f(&value, &mut lend_non_block())
    }

    /// Runs the closure while writing, in a section that it opens from any context.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token, and lends the closure a `&mut NonBlock`, with which it can
    /// take further locks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::SpinRwLock;
    /// let ranges = SpinRwLock::new([0..4096]);
    /// nonblock::sleepable(|cx| ranges.with_write(cx, |ranges, _nb| ranges[0].end = 8192));
    /// assert_eq!(ranges.into_inner(), [0..8192]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn with_write<C: Context, Output>(
        &self,
        cx: &mut C,
        f: impl FnOnce(&mut T, &mut NonBlock) -> Output,
    ) -> Output {
        let _ = cx;
        let nb = lend_non_block();
        let mut value = self.write(&nb);
        f(&mut value, &mut lend_non_block())
    }
}

/// Without the value: showing it could sleep, and so must not happen with the lock held.
impl<T: ?Sized, R: RawRwLock> fmt::Debug for ReadWriteLock<Spinning, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinRwLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}
