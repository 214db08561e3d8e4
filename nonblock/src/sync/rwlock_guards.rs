//! The guards of the lock for one writer or many readers that may sleep while they hold it.

use core::time::Duration;

use lock_api::{
    RawRwLock, RawRwLockDowngrade, RawRwLockFair, RawRwLockUpgrade, RawRwLockUpgradeDowngrade,
    RawRwLockUpgradeTimed,
};

use super::macros::{downgrade, guard, map, unlock_fair};
use crate::check::with_token;
use crate::token::Sleepable;
use crate::violation::Place;

guard! {
    /// An [`RwLock`](super::RwLock) that is held to read, by one of many: unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// See [`RwLock`](super::RwLock).
    RwLockReadGuard<RawRwLock = super::raw_parking::RawParkingRwLock, [feature = "sync"]> of lock_api::RwLockReadGuard<R>, ()
}

guard! {
    /// An [`RwLock`](super::RwLock) that is held to read a part of its value. Made by [`RwLockReadGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Sleepable;
    /// use nonblock::sync::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
    ///
    /// struct Device {
    ///     names: RwLock<(u32, Vec<String>)>,
    /// }
    ///
    /// impl Device {
    ///     fn names(&self, cx: &mut Sleepable) -> MappedRwLockReadGuard<'_, [String]> {
    ///         RwLockReadGuard::map(self.names.read(cx), |names| &names.1[..])
    ///     }
    /// }
    ///
    /// let device = Device { names: RwLock::new((0, vec![])) };
    /// nonblock::sleepable(|cx| assert!(device.names(cx).is_empty()));
    /// ```
    MappedRwLockReadGuard<RawRwLock = super::raw_parking::RawParkingRwLock, [feature = "sync"]> of lock_api::MappedRwLockReadGuard<R>, ()
}

guard! {
    /// An [`RwLock`](super::RwLock) that is held to write: unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let table = RwLock::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut writer = table.write(cx);
    ///     *writer += 1;
    ///     let reader = RwLockWriteGuard::downgrade(writer);
    ///     assert_eq!(*reader, 2);
    ///     assert!(table.try_read().is_some());
    /// });
    /// ```
    RwLockWriteGuard<RawRwLock = super::raw_parking::RawParkingRwLock, [feature = "sync"]> of lock_api::RwLockWriteGuard<R>, (), DerefMut
}

guard! {
    /// An [`RwLock`](super::RwLock) that is held to write a part of its value. Made by [`RwLockWriteGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Sleepable;
    /// use nonblock::sync::{MappedRwLockWriteGuard, RwLock, RwLockWriteGuard};
    ///
    /// struct Device {
    ///     table: RwLock<(u32, Vec<u64>)>,
    /// }
    ///
    /// impl Device {
    ///     fn pages(&self, cx: &mut Sleepable) -> MappedRwLockWriteGuard<'_, Vec<u64>> {
    ///         RwLockWriteGuard::map(self.table.write(cx), |table| &mut table.1)
    ///     }
    /// }
    ///
    /// let device = Device { table: RwLock::new((0, vec![])) };
    /// nonblock::sleepable(|cx| device.pages(cx).push(4096));
    /// ```
    MappedRwLockWriteGuard<RawRwLock = super::raw_parking::RawParkingRwLock, [feature = "sync"]> of lock_api::MappedRwLockWriteGuard<R>, (), DerefMut
}

guard! {
    /// An [`RwLock`](super::RwLock) that is held to read, by the one of its readers that can become the writer.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// See [`RwLock::upgradable_read`](super::RwLock::upgradable_read).
    RwLockUpgradableReadGuard<RawRwLockUpgrade = super::raw_parking::RawParkingRwLock, [feature = "sync"]> of lock_api::RwLockUpgradableReadGuard<R>, ()
}

map!(RwLockReadGuard<RawRwLock> of lock_api::RwLockReadGuard => MappedRwLockReadGuard);
map!(MappedRwLockReadGuard<RawRwLock> of lock_api::MappedRwLockReadGuard => MappedRwLockReadGuard);
map!(RwLockWriteGuard<RawRwLock> of lock_api::RwLockWriteGuard => MappedRwLockWriteGuard, mut);
map!(MappedRwLockWriteGuard<RawRwLock> of lock_api::MappedRwLockWriteGuard => MappedRwLockWriteGuard, mut);
unlock_fair!(RwLockReadGuard<RawRwLockFair> of lock_api::RwLockReadGuard);
unlock_fair!(RwLockWriteGuard<RawRwLockFair> of lock_api::RwLockWriteGuard);

impl<T: ?Sized, R: RawRwLock> RwLockReadGuard<'_, T, R> {
    /// Releases the lock while the closure runs, and then waits for it again.
    ///
    /// Others may change the value meanwhile.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`, and lends it on to the closure.
    ///
    /// # Panics
    ///
    /// If the closure panics, the lock is taken again, and the panic goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::{RwLock, RwLockReadGuard};
    ///
    /// let table = RwLock::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut reader = table.read(cx);
    ///     RwLockReadGuard::unlocked(&mut reader, cx, |cx| *table.write(cx) += 1);
    ///     assert_eq!(*reader, 2);
    /// });
    /// ```
    #[track_caller]
    pub fn unlocked<U>(
        guard: &mut Self,
        cx: &mut Sleepable,
        f: impl FnOnce(&mut Sleepable) -> U,
    ) -> U {
        let _call = with_token::lend();
        let place = Place::caller();
        // The wait for the lock comes after the closure, which may have left a section open. It is reported before: in there a panic
        // would end the program.
        let mut _relock = None;
        let taken = &guard.taken;
        lock_api::RwLockReadGuard::unlocked(&mut guard.inner, || {
            taken.let_go_while_shared(place, || {
                let result = f(cx);
                _relock = Some(with_token::lend_at(place));
                result
            })
        })
    }
}

impl<T: ?Sized, R: RawRwLockFair> RwLockReadGuard<'_, T, R> {
    /// Hands the lock to a waiter, if there is one, and then waits for it again.
    ///
    /// For a holder that is busy for long: others get their turn, and may change the value. If nobody waits, the lock is
    /// not released.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn bump(guard: &mut Self, cx: &mut Sleepable) {
        let _ = cx;
        let _call = with_token::lend();
        guard.taken.let_go_while_shared(Place::caller(), || {});
        lock_api::RwLockReadGuard::bump(&mut guard.inner);
    }
}

impl<T: ?Sized, R: RawRwLock> RwLockWriteGuard<'_, T, R> {
    /// Releases the lock while the closure runs, and then waits for it again.
    ///
    /// Others may change the value meanwhile.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`, and lends it on to the closure.
    ///
    /// # Panics
    ///
    /// If the closure panics, the lock is taken again, and the panic goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let table = RwLock::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut writer = table.write(cx);
    ///     let seen = RwLockWriteGuard::unlocked(&mut writer, cx, |cx| *table.read(cx));
    ///     *writer += seen;
    /// });
    /// assert_eq!(table.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn unlocked<U>(
        guard: &mut Self,
        cx: &mut Sleepable,
        f: impl FnOnce(&mut Sleepable) -> U,
    ) -> U {
        let _call = with_token::lend();
        let place = Place::caller();
        // The wait for the lock comes after the closure, which may have left a section open. It is reported before: in there a panic
        // would end the program.
        let mut _relock = None;
        let taken = &guard.taken;
        lock_api::RwLockWriteGuard::unlocked(&mut guard.inner, || {
            taken.let_go_while(place, || {
                let result = f(cx);
                _relock = Some(with_token::lend_at(place));
                result
            })
        })
    }
}

impl<T: ?Sized, R: RawRwLockFair> RwLockWriteGuard<'_, T, R> {
    /// Hands the lock to a waiter, if there is one, and then waits for it again.
    ///
    /// For a holder that is busy for long: others get their turn, and may change the value. If nobody waits, the lock is
    /// not released.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn bump(guard: &mut Self, cx: &mut Sleepable) {
        let _ = cx;
        let _call = with_token::lend();
        guard.taken.let_go_while(Place::caller(), || {});
        lock_api::RwLockWriteGuard::bump(&mut guard.inner);
    }
}

downgrade!(RwLockWriteGuard => RwLockReadGuard, RawRwLockDowngrade);

impl<'a, T: ?Sized, R: RawRwLockUpgradeDowngrade> RwLockWriteGuard<'a, T, R> {
    /// Turns the writer into the upgradable reader, with no other writer in between.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuard<'a, T, R> {
        guard.taken.downgraded_to_upgradable();
        RwLockUpgradableReadGuard {
            inner: lock_api::RwLockWriteGuard::downgrade_to_upgradable(guard.inner),
            section: guard.section,
            taken: guard.taken,
        }
    }
}

impl<'a, T: ?Sized, R: RawRwLockUpgradeDowngrade> RwLockUpgradableReadGuard<'a, T, R> {
    /// Turns the upgradable reader into one like the others.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T, R> {
        guard.taken.downgraded();
        RwLockReadGuard {
            inner: lock_api::RwLockUpgradableReadGuard::downgrade(guard.inner),
            section: guard.section,
            taken: guard.taken,
        }
    }
}

impl<'a, T: ?Sized, R: RawRwLockUpgrade> RwLockUpgradableReadGuard<'a, T, R> {
    /// Turns the upgradable reader into the writer if there is no other reader.
    ///
    /// # Context
    ///
    /// Does not sleep.
    ///
    /// # Errors
    ///
    /// The guard as it was, if others are reading.
    #[inline]
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuard<'a, T, R>, Self> {
        let Self { inner, section, taken } = guard;
        match lock_api::RwLockUpgradableReadGuard::try_upgrade(inner) {
            Ok(inner) => {
                taken.upgraded();
                Ok(RwLockWriteGuard { inner, section, taken })
            }
            Err(inner) => Err(Self { inner, section, taken }),
        }
    }

    /// Waits for the other readers to finish, and turns the upgradable reader into the writer.
    ///
    /// Nobody can have changed the value in between.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn upgrade(guard: Self, cx: &mut Sleepable) -> RwLockWriteGuard<'a, T, R> {
        let _ = cx;
        let _call = with_token::lend();
        guard.taken.upgrade();
        RwLockWriteGuard {
            inner: lock_api::RwLockUpgradableReadGuard::upgrade(guard.inner),
            section: guard.section,
            taken: guard.taken,
        }
    }
}

impl<'a, T: ?Sized, R: RawRwLockUpgradeTimed<Duration = Duration>>
    RwLockUpgradableReadGuard<'a, T, R>
{
    /// As [`upgrade`](Self::upgrade), but waits no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// The guard as it was, if others are still reading.
    #[must_use = "if the time ran out, this is the guard as it was: others still read"]
    #[track_caller]
    pub fn try_upgrade_for(
        guard: Self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Result<RwLockWriteGuard<'a, T, R>, Self> {
        let _ = cx;
        let _call = with_token::lend();
        let Self { inner, section, taken } = guard;
        match lock_api::RwLockUpgradableReadGuard::try_upgrade_for(inner, timeout) {
            Ok(inner) => {
                taken.upgraded();
                Ok(RwLockWriteGuard { inner, section, taken })
            }
            Err(inner) => Err(Self { inner, section, taken }),
        }
    }
}
