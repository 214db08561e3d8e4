//! The guards of all locks, written once: they differ by what may be done with the value, and by the kind of lock.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::time::Duration;

use lock_api::{
    MappedMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, MutexGuard, RawMutex,
    RawMutexFair, RawRwLock, RawRwLockDowngrade, RawRwLockFair, RawRwLockUpgrade,
    RawRwLockUpgradeDowngrade, RawRwLockUpgradeTimed, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard,
};

use super::kind::{Kind, Sleeping};
use crate::check::might_sleep;
use crate::token::Sleepable;

/// Defines a guard: `lock_api`'s, and what the lock's kind holds beside it.
macro_rules! guard {
    (
        $(#[$doc:meta])*
        $name:ident as $raw:ident of $bound:ident, parking_lot::$default:ident $(, $mutable:ident)?
    ) => {
        $(#[$doc])*
        ///
        /// Its methods are functions, so as not to hide the value's.
        ///
        /// # Context
        ///
        /// Dropping it does not sleep. The guard of a spinning lock cannot leave its section.
        ///
        /// # Examples
        ///
        /// See [`Lock`](super::Lock) and [`ReadWriteLock`](super::ReadWriteLock).
        #[must_use = "the lock is released at once if its guard is not kept: bind it to a name, since `let _` releases it too"]
        pub struct $name<
            'a,
            K: Kind,
            T: ?Sized,
            #[cfg(feature = "sync")] R: $bound = parking_lot::$default,
            #[cfg(not(feature = "sync"))] R: $bound,
        > {
            // Dropped first: the lock is released before the section that holding it meant ends.
            pub(super) inner: $raw<'a, R, T>,
            pub(super) held: K::Held,
        }

        impl<K: Kind, T: ?Sized, R: $bound> Deref for $name<'_, K, T, R> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.inner
            }
        }

        $(impl<K: Kind, T: ?Sized, R: $bound> $mutable for $name<'_, K, T, R> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.inner
            }
        })?

        impl<K: Kind, T: ?Sized + fmt::Debug, R: $bound> fmt::Debug for $name<'_, K, T, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<K: Kind, T: ?Sized + fmt::Display, R: $bound> fmt::Display for $name<'_, K, T, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

guard! {
    /// A held lock: the value can be reached through it, and it unlocks when dropped.
    Guard as MutexGuard of RawMutex, parking_lot::RawMutex, DerefMut
}
guard! {
    /// A held lock, through which a part of the value can be reached. See [`Guard::map`].
    MappedGuard as MappedMutexGuard of RawMutex, parking_lot::RawMutex, DerefMut
}
guard! {
    /// A read-write lock that is held to read, by one of many.
    ReadGuard as RwLockReadGuard of RawRwLock, parking_lot::RawRwLock
}
guard! {
    /// A read-write lock that is held to read a part of the value. See [`ReadGuard::map`].
    MappedReadGuard as MappedRwLockReadGuard of RawRwLock, parking_lot::RawRwLock
}
guard! {
    /// A read-write lock that is held to write.
    WriteGuard as RwLockWriteGuard of RawRwLock, parking_lot::RawRwLock, DerefMut
}
guard! {
    /// A read-write lock that is held to write a part of the value. See [`WriteGuard::map`].
    MappedWriteGuard as MappedRwLockWriteGuard of RawRwLock, parking_lot::RawRwLock, DerefMut
}
guard! {
    /// A read-write lock that is held to read, by the one of its readers that can become the writer.
    UpgradableGuard as RwLockUpgradableReadGuard of RawRwLockUpgrade, parking_lot::RawRwLock
}

/// Defines `map` and `try_map` for a guard. The closures' types differ, so no trait can.
macro_rules! mapped {
    ($guard:ident as $raw:ident => $mapped:ident, $bound:ident, $($mutable:tt)?) => {
        impl<'a, K: Kind, T: ?Sized, R: $bound> $guard<'a, K, T, R> {
            /// Narrows the guard to a part of the value. The lock stays held, and its section open.
            ///
            /// # Context
            ///
            /// Does not sleep. The closure runs with the lock held.
            ///
            /// # Examples
            ///
            /// ```
            /// # #[cfg(feature = "sync")] {
            /// use nonblock::sync::{MappedMutexGuard, Mutex, MutexGuard};
            /// use nonblock::Sleepable;
            ///
            /// struct Device {
            ///     table: Mutex<(u32, Vec<u64>)>,
            /// }
            ///
            /// impl Device {
            ///     fn pages(&self, cx: &mut Sleepable) -> MappedMutexGuard<'_, Vec<u64>> {
            ///         MutexGuard::map(self.table.lock(cx), |table| &mut table.1)
            ///     }
            /// }
            ///
            /// let device = Device { table: Mutex::new((0, vec![])) };
            /// nonblock::sleepable(|cx| device.pages(cx).push(4096));
            /// # }
            /// ```
            #[inline]
            pub fn map<U: ?Sized>(
                guard: Self,
                f: impl FnOnce(&$($mutable)? T) -> &$($mutable)? U,
            ) -> $mapped<'a, K, U, R> {
                $mapped { inner: $raw::map(guard.inner, f), held: guard.held }
            }

            /// Narrows the guard to a part of the value, if the closure finds it.
            ///
            /// # Context
            ///
            /// Does not sleep. The closure runs with the lock held.
            ///
            /// # Errors
            ///
            /// The guard as it was, if the closure returns `None`.
            #[inline]
            pub fn try_map<U: ?Sized>(
                guard: Self,
                f: impl FnOnce(&$($mutable)? T) -> Option<&$($mutable)? U>,
            ) -> Result<$mapped<'a, K, U, R>, Self> {
                match $raw::try_map(guard.inner, f) {
                    Ok(inner) => Ok($mapped { inner, held: guard.held }),
                    Err(inner) => Err(Self { inner, held: guard.held }),
                }
            }
        }
    };
}

mapped!(Guard as MutexGuard => MappedGuard, RawMutex, mut);
mapped!(MappedGuard as MappedMutexGuard => MappedGuard, RawMutex, mut);
mapped!(ReadGuard as RwLockReadGuard => MappedReadGuard, RawRwLock,);
mapped!(MappedReadGuard as MappedRwLockReadGuard => MappedReadGuard, RawRwLock,);
mapped!(WriteGuard as RwLockWriteGuard => MappedWriteGuard, RawRwLock, mut);
mapped!(MappedWriteGuard as MappedRwLockWriteGuard => MappedWriteGuard, RawRwLock, mut);

/// Defines `unlock_fair` for a guard.
macro_rules! unlocked_fairly {
    ($guard:ident as $raw:ident, $bound:ident) => {
        impl<K: Kind, T: ?Sized, R: $bound> $guard<'_, K, T, R> {
            /// Releases the lock, and hands it to a waiter if there is one.
            ///
            /// Where a guard that is dropped lets whoever comes first take the lock, this one is for a lock that is
            /// released only to be taken again soon.
            ///
            /// # Context
            ///
            /// Does not sleep.
            #[inline]
            pub fn unlock_fair(guard: Self) {
                $raw::unlock_fair(guard.inner);
            }
        }
    };
}

unlocked_fairly!(Guard as MutexGuard, RawMutexFair);
unlocked_fairly!(ReadGuard as RwLockReadGuard, RawRwLockFair);
unlocked_fairly!(WriteGuard as RwLockWriteGuard, RawRwLockFair);

impl<'a, K: Kind, T: ?Sized, R: RawRwLockDowngrade> WriteGuard<'a, K, T, R> {
    /// Turns the writer into a reader, with no other writer in between.
    ///
    /// # Context
    ///
    /// Does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sync")] {
    /// use nonblock::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let table = RwLock::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut writer = table.write(cx);
    ///     *writer += 1;
    ///     let reader = RwLockWriteGuard::downgrade(writer);
    ///     assert_eq!(*reader + *table.read(cx), 4);
    /// });
    /// # }
    /// ```
    #[inline]
    pub fn downgrade(guard: Self) -> ReadGuard<'a, K, T, R> {
        ReadGuard { inner: RwLockWriteGuard::downgrade(guard.inner), held: guard.held }
    }
}

impl<'a, K: Kind, T: ?Sized, R: RawRwLockUpgradeDowngrade> WriteGuard<'a, K, T, R> {
    /// Turns the writer into the upgradable reader, with no other writer in between.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn downgrade_to_upgradable(guard: Self) -> UpgradableGuard<'a, K, T, R> {
        UpgradableGuard {
            inner: RwLockWriteGuard::downgrade_to_upgradable(guard.inner),
            held: guard.held,
        }
    }
}

impl<'a, K: Kind, T: ?Sized, R: RawRwLockUpgradeDowngrade> UpgradableGuard<'a, K, T, R> {
    /// Turns the upgradable reader into one like the others.
    ///
    /// # Context
    ///
    /// Does not sleep.
    #[inline]
    pub fn downgrade(guard: Self) -> ReadGuard<'a, K, T, R> {
        ReadGuard { inner: RwLockUpgradableReadGuard::downgrade(guard.inner), held: guard.held }
    }
}

impl<'a, K: Kind, T: ?Sized, R: RawRwLockUpgrade> UpgradableGuard<'a, K, T, R> {
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
    pub fn try_upgrade(guard: Self) -> Result<WriteGuard<'a, K, T, R>, Self> {
        match RwLockUpgradableReadGuard::try_upgrade(guard.inner) {
            Ok(inner) => Ok(WriteGuard { inner, held: guard.held }),
            Err(inner) => Err(Self { inner, held: guard.held }),
        }
    }
}

impl<'a, T: ?Sized, R: RawRwLockUpgrade> UpgradableGuard<'a, Sleeping, T, R> {
    /// Waits for the other readers to finish, and turns the upgradable reader into the writer.
    ///
    /// Nobody can have changed the value in between.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    #[track_caller]
    pub fn upgrade(guard: Self, cx: &mut Sleepable) -> WriteGuard<'a, Sleeping, T, R> {
        let _ = cx;
        might_sleep();
        WriteGuard { inner: RwLockUpgradableReadGuard::upgrade(guard.inner), held: guard.held }
    }
}

impl<'a, T: ?Sized, R: RawRwLockUpgradeTimed<Duration = Duration>>
    UpgradableGuard<'a, Sleeping, T, R>
{
    /// As [`upgrade`](Self::upgrade), but waits not longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// The guard as it was, if others are still reading.
    #[track_caller]
    pub fn try_upgrade_for(
        guard: Self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Result<WriteGuard<'a, Sleeping, T, R>, Self> {
        let _ = cx;
        might_sleep();
        match RwLockUpgradableReadGuard::try_upgrade_for(guard.inner, timeout) {
            Ok(inner) => Ok(WriteGuard { inner, held: guard.held }),
            Err(inner) => Err(Self { inner, held: guard.held }),
        }
    }
}
