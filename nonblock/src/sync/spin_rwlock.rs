//! The lock for one writer or many readers that is held in a section only, so that a section may wait for it, and its
//! guards.

use core::fmt;

use lock_api::{RawRwLockDowngrade, RawRwLockFair};

use super::macros::{downgrade, guard, lock, locked_exclusive, map, parts, unlock_fair};
use super::raw_lock::RawSpinRwLock;
use super::raw_spin_tag::RawSpin;
use crate::context::Context;
use crate::lockdep::{Class, Taken};
use crate::section::Section;
use crate::token::{NonBlock, lend_non_block};

/// A lock for one writer or many readers, which is held in a section only.
///
/// A waiter spins, as for a [`SpinLock`](crate::sync::SpinLock), whose page says what that means where the holder loses its
/// processor. A writer that has waited for long is let go first, by readers that come later, for some
/// tens of milliseconds: it gets the lock unless readers hold it for longer than that.
///
/// It has no upgradable read, as [`RwLock`](super::RwLock) has, so no `downgrade_to_upgradable` either: an upgrade waits until
/// the other readers are gone, and two sections that hold the lock to read would spin for each other. To write after reading, drop
/// the reader, take [`write`](Self::write), and look again. To read on after writing, use
/// [`downgrade`](SpinRwLockWriteGuard::downgrade).
///
/// # The raw lock
///
/// `R` is [`RawSpin`], which [`new`](Self::new) takes, or any [`RawRwLock`] of the crate `lock_api`. Name that in the type,
/// and make the lock by [`with_raw`](Self::with_raw).
///
/// [`RawRwLock`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawRwLock.html
///
/// # Context
///
/// To be taken in a section: `read` and `write` take `&NonBlock`; `with_read` and `with_write` open the section
/// themselves. Making a lock, looking at it and taking it apart does not sleep.
///
/// # Examples
///
/// ```
/// use nonblock::sync::SpinRwLock;
///
/// let limits = SpinRwLock::new([64, 1500]);
/// nonblock::sleepable(|cx| {
///     limits.with_write(cx, |limits, _nb| limits[1] = 9000);
///     cx.non_block(|nb| assert_eq!(limits.read(nb)[1], 9000));
/// });
/// ```
// The raw lock comes last and has a default, so that the compiler's messages leave it out.
pub struct SpinRwLock<T: ?Sized, R: RawSpinRwLock = RawSpin> {
    class: Class,
    inner: lock_api::RwLock<R::Raw, T>,
}

lock!(SpinRwLock<RawSpinRwLock> of lock_api::RwLock, all());
locked_exclusive!(SpinRwLock<RawSpinRwLock>);

impl<T: ?Sized, R: RawSpinRwLock> SpinRwLock<T, R> {
    /// Waits until nobody writes, and takes the lock to read.
    ///
    /// # Context
    ///
    /// Does not sleep: its holders cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// A thread that reads already may read again. If a writer has waited for long, this waits for some tens of
    /// milliseconds first, so better pass the guard on; with another raw lock it could wait for ever.
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
    pub fn read<'a>(&'a self, nb: &'a NonBlock) -> SpinRwLockReadGuard<'a, T, R> {
        let _ = nb;
        // Entered before the wait, so that it lasts as long.
        let section = Section::enter();
        let taken = if R::READERS_RECUR {
            Taken::waiting_recursive(&self.class)
        } else {
            Taken::waiting_shared(&self.class)
        };
        SpinRwLockReadGuard { inner: self.inner.read(), section, taken }
    }

    /// Waits until nobody holds the lock, and takes it to write.
    ///
    /// # Context
    ///
    /// Does not sleep: its holders cannot either. Takes `&NonBlock`, and the guard cannot leave that section.
    ///
    /// A thread that holds the lock already waits for ever.
    #[inline]
    #[track_caller]
    pub fn write<'a>(&'a self, nb: &'a NonBlock) -> SpinRwLockWriteGuard<'a, T, R> {
        let _ = nb;
        // Entered before the wait, so that it lasts as long.
        let section = Section::enter();
        let taken = Taken::waiting(&self.class);
        SpinRwLockWriteGuard { inner: self.inner.write(), section, taken }
    }

    /// Takes the lock to read if nobody writes.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes `&NonBlock`, and the guard cannot leave that section.
    #[inline]
    #[track_caller]
    pub fn try_read<'a>(&'a self, nb: &'a NonBlock) -> Option<SpinRwLockReadGuard<'a, T, R>> {
        let _ = nb;
        let section = Section::enter();
        let inner = self.inner.try_read()?;
        Some(SpinRwLockReadGuard { inner, section, taken: Taken::tried_shared(&self.class) })
    }

    /// Takes the lock to write if nobody holds it.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes `&NonBlock`, and the guard cannot leave that section.
    #[inline]
    #[track_caller]
    pub fn try_write<'a>(&'a self, nb: &'a NonBlock) -> Option<SpinRwLockWriteGuard<'a, T, R>> {
        let _ = nb;
        let section = Section::enter();
        let inner = self.inner.try_write()?;
        Some(SpinRwLockWriteGuard { inner, section, taken: Taken::tried(&self.class) })
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
        // As in `SpinLock::with`.
        let nb = lend_non_block();
        let mut held = self.read(&nb);
        let (value, nb) = held.parts();
        f(value, nb)
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
        let mut held = self.write(&nb);
        let (value, nb) = held.parts();
        f(value, nb)
    }
}

/// Does not show the value: that could sleep, and so must not happen with the lock held.
impl<T: ?Sized, R: RawSpinRwLock> fmt::Debug for SpinRwLock<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinRwLock").field("locked", &self.is_locked()).finish_non_exhaustive()
    }
}

guard! {
    /// A [`SpinRwLock`] that is held to read, by one of many: unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// See [`SpinRwLock`].
    SpinRwLockReadGuard<RawSpinRwLock = RawSpin, [all()]> of lock_api::RwLockReadGuard<R::Raw>, Section
}

guard! {
    /// A [`SpinRwLock`] that is held to read a part of its value. Made by [`SpinRwLockReadGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::NonBlock;
    /// use nonblock::sync::{MappedSpinRwLockReadGuard, SpinRwLock, SpinRwLockReadGuard};
    ///
    /// struct Device {
    ///     limits: SpinRwLock<(u32, [u32; 2])>,
    /// }
    ///
    /// impl Device {
    ///     fn limits<'a>(&'a self, nb: &'a NonBlock) -> MappedSpinRwLockReadGuard<'a, [u32; 2]> {
    ///         SpinRwLockReadGuard::map(self.limits.read(nb), |limits| &limits.1)
    ///     }
    /// }
    ///
    /// let device = Device { limits: SpinRwLock::new((0, [64, 1500])) };
    /// nonblock::non_block(|nb| assert_eq!(device.limits(nb)[1], 1500));
    /// ```
    MappedSpinRwLockReadGuard<RawSpinRwLock = RawSpin, [all()]> of lock_api::MappedRwLockReadGuard<R::Raw>, Section
}

guard! {
    /// A [`SpinRwLock`] that is held to write: unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::{SpinRwLock, SpinRwLockWriteGuard};
    ///
    /// let limits = SpinRwLock::new([64, 1500]);
    /// nonblock::non_block(|nb| {
    ///     let mut writer = limits.write(nb);
    ///     writer[1] = 9000;
    ///     let reader = SpinRwLockWriteGuard::downgrade(writer);
    ///     assert_eq!(reader[1], limits.read(nb)[1]);
    /// });
    /// ```
    SpinRwLockWriteGuard<RawSpinRwLock = RawSpin, [all()]> of lock_api::RwLockWriteGuard<R::Raw>, Section, DerefMut
}

guard! {
    /// A [`SpinRwLock`] that is held to write a part of its value. Made by [`SpinRwLockWriteGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::NonBlock;
    /// use nonblock::sync::{MappedSpinRwLockWriteGuard, SpinRwLock, SpinRwLockWriteGuard};
    ///
    /// struct Device {
    ///     limits: SpinRwLock<(u32, [u32; 2])>,
    /// }
    ///
    /// impl Device {
    ///     fn limits<'a>(&'a self, nb: &'a NonBlock) -> MappedSpinRwLockWriteGuard<'a, [u32; 2]> {
    ///         SpinRwLockWriteGuard::map(self.limits.write(nb), |limits| &mut limits.1)
    ///     }
    /// }
    ///
    /// let device = Device { limits: SpinRwLock::new((0, [64, 1500])) };
    /// nonblock::non_block(|nb| device.limits(nb)[1] = 9000);
    /// ```
    MappedSpinRwLockWriteGuard<RawSpinRwLock = RawSpin, [all()]> of lock_api::MappedRwLockWriteGuard<R::Raw>, Section, DerefMut
}

map!(SpinRwLockReadGuard<RawSpinRwLock> of lock_api::RwLockReadGuard => MappedSpinRwLockReadGuard);
map!(MappedSpinRwLockReadGuard<RawSpinRwLock> of lock_api::MappedRwLockReadGuard => MappedSpinRwLockReadGuard);
map!(SpinRwLockWriteGuard<RawSpinRwLock> of lock_api::RwLockWriteGuard => MappedSpinRwLockWriteGuard, mut);
map!(MappedSpinRwLockWriteGuard<RawSpinRwLock> of lock_api::MappedRwLockWriteGuard => MappedSpinRwLockWriteGuard, mut);
unlock_fair!(SpinRwLockReadGuard<RawRwLockFair> of lock_api::RwLockReadGuard);
unlock_fair!(SpinRwLockWriteGuard<RawRwLockFair> of lock_api::RwLockWriteGuard);

downgrade!(SpinRwLockWriteGuard => SpinRwLockReadGuard, RawSpinRwLock<Raw: RawRwLockDowngrade>);
parts!(SpinRwLockReadGuard<RawSpinRwLock>);
parts!(MappedSpinRwLockReadGuard<RawSpinRwLock>);
parts!(SpinRwLockWriteGuard<RawSpinRwLock>, mut);
parts!(MappedSpinRwLockWriteGuard<RawSpinRwLock>, mut);
