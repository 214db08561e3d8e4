//! The sleeping read-write lock: waiting takes the right to sleep.

use core::fmt;
use core::time::Duration;

use lock_api::{RawRwLock, RawRwLockFair, RawRwLockTimed, RawRwLockUpgrade, RawRwLockUpgradeTimed};

use super::guard::{ReadGuard, UpgradableGuard, WriteGuard};
use super::kind::Sleeping;
use super::shared_lock::ReadWriteLock;
use crate::check::might_sleep;
use crate::context::Context;
use crate::token::Sleepable;

impl<T: ?Sized, R: RawRwLock> ReadWriteLock<Sleeping, T, R> {
    /// Waits until nobody writes, and takes the lock to read.
    ///
    /// Reading again while this thread reads already may wait for ever: with `parking_lot`, a writer that waits goes
    /// before new readers.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. The token is free again while the lock is held.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::RwLock;
    /// let ranges = RwLock::new(vec![0..4096]);
    /// nonblock::sleepable(|cx| assert_eq!(ranges.read(cx).len(), 1));
    /// ```
    ///
    /// ```compile_fail,E0308
    /// # use nonblock::sync::RwLock;
    /// let ranges = RwLock::new(vec![0..4096]);
    /// nonblock::non_block(|nb| ranges.read(nb).len()); // a section only tries
    /// ```
    #[inline]
    #[track_caller]
    pub fn read(&self, cx: &mut Sleepable) -> ReadGuard<'_, Sleeping, T, R> {
        let _ = cx;
        might_sleep();
        self.wait_to_read(())
    }

    /// Waits until nobody holds the lock, and takes it to write.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. The token is free again while the lock is held.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::RwLock;
    /// let ranges = RwLock::new(vec![0..4096]);
    /// nonblock::sleepable(|cx| ranges.write(cx).push(8192..12288));
    /// assert_eq!(ranges.into_inner().len(), 2);
    /// ```
    #[inline]
    #[track_caller]
    pub fn write(&self, cx: &mut Sleepable) -> WriteGuard<'_, Sleeping, T, R> {
        let _ = cx;
        might_sleep();
        self.wait_to_write(())
    }

    /// Takes the lock to read if nobody writes, or waits to.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> Option<ReadGuard<'_, Sleeping, T, R>> {
        self.try_to_read(())
    }

    /// Takes the lock to write if nobody holds it.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> Option<WriteGuard<'_, Sleeping, T, R>> {
        self.try_to_write(())
    }

    /// Waits to read if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if somebody writes. Never for a `Sleepable`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::{Context, WouldBlock, sync::RwLock};
    /// fn count<C: Context>(ranges: &RwLock<Vec<u64>>, cx: &mut C) -> Result<usize, C::Refusal> {
    ///     Ok(ranges.acquire_read(cx)?.len())
    /// }
    ///
    /// let ranges = RwLock::new(vec![4096]);
    /// nonblock::sleepable(|cx| {
    ///     let writer = ranges.write(cx);
    ///     assert_eq!(cx.non_block(|nb| count(&ranges, nb)), Err(WouldBlock));
    ///     drop(writer);
    ///     assert_eq!(count(&ranges, cx), Ok(1));
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire_read<C: Context>(
        &self,
        cx: &mut C,
    ) -> Result<ReadGuard<'_, Sleeping, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.read(cx)),
            Err(refusal) => self.try_read().ok_or(refusal),
        }
    }

    /// Waits to write if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if somebody holds the lock. Never for a `Sleepable`.
    #[inline]
    #[track_caller]
    pub fn acquire_write<C: Context>(
        &self,
        cx: &mut C,
    ) -> Result<WriteGuard<'_, Sleeping, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.write(cx)),
            Err(refusal) => self.try_write().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawRwLockUpgrade> ReadWriteLock<Sleeping, T, R> {
    /// Waits until nobody writes, and takes the lock as the one reader that can become the writer.
    ///
    /// Others may read meanwhile, but no second upgradable reader.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::{RwLock, RwLockUpgradableReadGuard};
    /// let ranges = RwLock::new(vec![]);
    /// nonblock::sleepable(|cx| {
    ///     let reader = ranges.upgradable_read(cx);
    ///     if reader.is_empty() {
    ///         RwLockUpgradableReadGuard::upgrade(reader, cx).push(4096);
    ///     }
    /// });
    /// assert_eq!(ranges.into_inner(), [4096]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn upgradable_read(&self, cx: &mut Sleepable) -> UpgradableGuard<'_, Sleeping, T, R> {
        let _ = cx;
        might_sleep();
        UpgradableGuard { inner: self.raw().upgradable_read(), held: () }
    }

    /// Takes the lock as the one reader that can become the writer, if there is neither such a reader nor a writer.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_upgradable_read(&self) -> Option<UpgradableGuard<'_, Sleeping, T, R>> {
        self.raw().try_upgradable_read().map(|inner| UpgradableGuard { inner, held: () })
    }

    /// Waits to read upgradably if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`. In a section the guard is upgraded by
    /// [`try_upgrade`](UpgradableGuard::try_upgrade).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if there is another such reader, or a writer. Never for a `Sleepable`.
    #[inline]
    #[track_caller]
    pub fn acquire_upgradable_read<C: Context>(
        &self,
        cx: &mut C,
    ) -> Result<UpgradableGuard<'_, Sleeping, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.upgradable_read(cx)),
            Err(refusal) => self.try_upgradable_read().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawRwLockUpgradeTimed<Duration = Duration>> ReadWriteLock<Sleeping, T, R> {
    /// Waits to read upgradably, but not longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn try_upgradable_read_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<UpgradableGuard<'_, Sleeping, T, R>> {
        let _ = cx;
        might_sleep();
        let guard = self.raw().try_upgradable_read_for(timeout);
        guard.map(|inner| UpgradableGuard { inner, held: () })
    }
}

impl<T: ?Sized, R: RawRwLockTimed<Duration = Duration>> ReadWriteLock<Sleeping, T, R> {
    /// Waits to read, but not longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn try_read_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<ReadGuard<'_, Sleeping, T, R>> {
        let _ = cx;
        might_sleep();
        self.raw().try_read_for(timeout).map(|inner| ReadGuard { inner, held: () })
    }

    /// Waits to write, but not longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn try_write_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<WriteGuard<'_, Sleeping, T, R>> {
        let _ = cx;
        might_sleep();
        self.raw().try_write_for(timeout).map(|inner| WriteGuard { inner, held: () })
    }
}

impl<T: ?Sized, R: RawRwLock> ReadGuard<'_, Sleeping, T, R> {
    /// Releases the lock for as long as the closure runs, and waits for it again.
    ///
    /// Others may change the value meanwhile.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`, and lends it on to the closure.
    ///
    /// # Panics
    ///
    /// A panic of the closure's passes through, when the lock is held again.
    #[track_caller]
    pub fn unlocked<U>(
        guard: &mut Self,
        cx: &mut Sleepable,
        f: impl FnOnce(&mut Sleepable) -> U,
    ) -> U {
        might_sleep();
        lock_api::RwLockReadGuard::unlocked(&mut guard.inner, || f(cx))
    }
}

impl<T: ?Sized, R: RawRwLock> WriteGuard<'_, Sleeping, T, R> {
    /// Releases the lock for as long as the closure runs, and waits for it again.
    ///
    /// Others may change the value meanwhile.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`, and lends it on to the closure.
    ///
    /// # Panics
    ///
    /// A panic of the closure's passes through, when the lock is held again.
    #[track_caller]
    pub fn unlocked<U>(
        guard: &mut Self,
        cx: &mut Sleepable,
        f: impl FnOnce(&mut Sleepable) -> U,
    ) -> U {
        might_sleep();
        lock_api::RwLockWriteGuard::unlocked(&mut guard.inner, || f(cx))
    }
}

impl<T: ?Sized, R: RawRwLockFair> ReadGuard<'_, Sleeping, T, R> {
    /// Hands the lock to a waiter, if there is one, and waits for it again.
    ///
    /// For a holder that is busy for long: others get their turn, and may change the value. Where nobody waits, the
    /// lock is not released.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn bump(guard: &mut Self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        lock_api::RwLockReadGuard::bump(&mut guard.inner);
    }
}

impl<T: ?Sized, R: RawRwLockFair> WriteGuard<'_, Sleeping, T, R> {
    /// Hands the lock to a waiter, if there is one, and waits for it again.
    ///
    /// For a holder that is busy for long: others get their turn, and may change the value. Where nobody waits, the
    /// lock is not released.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn bump(guard: &mut Self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        lock_api::RwLockWriteGuard::bump(&mut guard.inner);
    }
}

/// With the value if nobody writes, read meanwhile; it is not waited for.
impl<T: ?Sized + fmt::Debug, R: RawRwLock> fmt::Debug for ReadWriteLock<Sleeping, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Some(value) => debug.field("value", &&*value),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}
