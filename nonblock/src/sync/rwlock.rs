//! The lock for one writer or many readers that may sleep while they hold it.

use core::fmt;
use core::time::Duration;

use lock_api::{RawRwLock, RawRwLockTimed, RawRwLockUpgrade, RawRwLockUpgradeTimed};

use super::macros::{lock, locked_exclusive};
use super::rwlock_guards::{RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use crate::check::with_token;
use crate::context::Context;
use crate::lockdep::{Class, Taken};
use crate::token::Sleepable;

/// A lock for one writer or many readers, which may be held across a sleep.
///
/// # The raw lock
///
/// `R` is any [`RawRwLock`] of the crate `lock_api`. [`new`](Self::new) takes [`RawParkingRwLock`](super::RawParkingRwLock). With any other, name it
/// in the type and make the lock by [`with_raw`](Self::with_raw). Without feature `sync` there is no default.
///
/// [`RawRwLock`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawRwLock.html
///
/// # Context
///
/// Waiting for it may sleep: `read` and `write` take `&mut Sleepable`. In a section, `try_read`, `try_write`,
/// `acquire_read` or `acquire_write`. Making a lock, looking at it and taking it apart does not sleep.
///
/// # Examples
///
/// ```
/// use nonblock::WouldBlock;
/// use nonblock::sync::RwLock;
///
/// let names = RwLock::new(vec!["eth0"]);
/// nonblock::sleepable(|cx| {
///     let reader = names.read(cx);
///     cx.non_block(|nb| {
///         assert_eq!(names.acquire_read(nb).unwrap().len(), 1); // readers share
///         assert_eq!(names.acquire_write(nb).err(), Some(WouldBlock));
///     });
///     drop(reader);
///     names.write(cx).push("eth1");
/// });
/// ```
// The raw lock comes last and has a default, so that the compiler's messages leave it out.
pub struct RwLock<
    T: ?Sized,
    #[cfg(feature = "sync")] R = super::raw_parking::RawParkingRwLock,
    #[cfg(not(feature = "sync"))] R,
> {
    class: Class,
    inner: lock_api::RwLock<R, T>,
}

lock!(RwLock<RawRwLock> of lock_api::RwLock, feature = "sync");
locked_exclusive!(RwLock<RawRwLock>);

impl<T: ?Sized, R: RawRwLock> RwLock<T, R> {
    /// Waits until nobody writes, and takes the lock to read.
    ///
    /// A thread that reads already must not read again: a writer that waits goes before new readers,
    /// so this could wait for ever.
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
    pub fn read(&self, cx: &mut Sleepable) -> RwLockReadGuard<'_, T, R> {
        let _ = cx;
        let _call = with_token::lend();
        let taken = Taken::waiting_shared(&self.class);
        RwLockReadGuard { inner: self.inner.read(), section: (), taken }
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
    pub fn write(&self, cx: &mut Sleepable) -> RwLockWriteGuard<'_, T, R> {
        let _ = cx;
        let _call = with_token::lend();
        let taken = Taken::waiting(&self.class);
        RwLockWriteGuard { inner: self.inner.write(), section: (), taken }
    }

    /// Takes the lock to read if nobody writes or waits to write.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T, R>> {
        let inner = self.inner.try_read()?;
        Some(RwLockReadGuard { inner, section: (), taken: Taken::tried_shared(&self.class) })
    }

    /// Takes the lock to write if nobody holds it.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T, R>> {
        let inner = self.inner.try_write()?;
        Some(RwLockWriteGuard { inner, section: (), taken: Taken::tried(&self.class) })
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
    ) -> Result<RwLockReadGuard<'_, T, R>, C::Refusal> {
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
    ) -> Result<RwLockWriteGuard<'_, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.write(cx)),
            Err(refusal) => self.try_write().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawRwLockUpgrade> RwLock<T, R> {
    /// Waits until nobody writes, and takes the lock as the one reader that can become the writer.
    ///
    /// Others may read meanwhile, but no second upgradable reader. (Those that came while somebody wrote stay in line, behind a writer
    /// or upgradable reader that came before them.)
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
    pub fn upgradable_read(&self, cx: &mut Sleepable) -> RwLockUpgradableReadGuard<'_, T, R> {
        let _ = cx;
        let _call = with_token::lend();
        let taken = Taken::waiting_upgradable(&self.class);
        RwLockUpgradableReadGuard { inner: self.inner.upgradable_read(), section: (), taken }
    }

    /// Takes the lock as the one reader that can become the writer, if there is neither such a reader nor a writer.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[inline]
    #[track_caller]
    pub fn try_upgradable_read(&self) -> Option<RwLockUpgradableReadGuard<'_, T, R>> {
        let inner = self.inner.try_upgradable_read()?;
        let taken = Taken::tried_upgradable(&self.class);
        Some(RwLockUpgradableReadGuard { inner, section: (), taken })
    }

    /// Waits to read upgradably if the context may sleep, and tries if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`. In a section the guard is upgraded by
    /// [`try_upgrade`](RwLockUpgradableReadGuard::try_upgrade).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if there is another such reader, or a writer. Never for a `Sleepable`.
    #[inline]
    #[track_caller]
    pub fn acquire_upgradable_read<C: Context>(
        &self,
        cx: &mut C,
    ) -> Result<RwLockUpgradableReadGuard<'_, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.upgradable_read(cx)),
            Err(refusal) => self.try_upgradable_read().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawRwLockUpgradeTimed<Duration = Duration>> RwLock<T, R> {
    /// Waits to read upgradably, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[must_use = "if the time ran out, somebody else still has the lock: touch nothing that it guards"]
    #[track_caller]
    pub fn try_upgradable_read_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<RwLockUpgradableReadGuard<'_, T, R>> {
        let _ = cx;
        let _call = with_token::lend();
        let inner = self.inner.try_upgradable_read_for(timeout)?;
        let taken = Taken::tried_upgradable(&self.class);
        Some(RwLockUpgradableReadGuard { inner, section: (), taken })
    }
}

impl<T: ?Sized, R: RawRwLockTimed<Duration = Duration>> RwLock<T, R> {
    /// Waits to read, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[must_use = "if the time ran out, somebody else still has the lock: touch nothing that it guards"]
    #[track_caller]
    pub fn try_read_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<RwLockReadGuard<'_, T, R>> {
        let _ = cx;
        let _call = with_token::lend();
        let inner = self.inner.try_read_for(timeout)?;
        Some(RwLockReadGuard { inner, section: (), taken: Taken::tried_shared(&self.class) })
    }

    /// Waits to write, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[must_use = "if the time ran out, somebody else still has the lock: touch nothing that it guards"]
    #[track_caller]
    pub fn try_write_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<RwLockWriteGuard<'_, T, R>> {
        let _ = cx;
        let _call = with_token::lend();
        let inner = self.inner.try_write_for(timeout)?;
        Some(RwLockWriteGuard { inner, section: (), taken: Taken::tried(&self.class) })
    }
}

/// Shows the value if nobody writes, and holds the lock to read meanwhile. Does not wait for it.
impl<T: ?Sized + fmt::Debug, R: RawRwLock> fmt::Debug for RwLock<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Some(value) => debug.field("value", &&*value),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}
