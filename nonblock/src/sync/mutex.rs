//! The lock for one holder that may sleep while it holds it, and its guards.

use core::fmt;
use core::time::Duration;

use lock_api::{RawMutex, RawMutexFair, RawMutexTimed};

use super::macros::{guard, lock, map, unlock_fair};
use crate::check::with_token;
use crate::context::Context;
use crate::lockdep::{Class, Taken};
use crate::token::Sleepable;
use crate::violation::Place;

/// A lock that may be held across a sleep.
///
/// # The raw lock
///
/// `R` is any [`RawMutex`] of the crate `lock_api`. [`new`](Self::new) takes [`RawParkingMutex`](super::RawParkingMutex). With any other, name it in
/// the type and make the lock by [`with_raw`](Self::with_raw). Without feature `sync` there is no default.
///
/// [`RawMutex`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawMutex.html
///
/// # Context
///
/// Waiting for it may sleep: `lock` takes `&mut Sleepable`. In a section, `try_lock` or `acquire`. Making a lock,
/// looking at it and taking it apart does not sleep.
///
/// # Examples
///
/// ```
/// use nonblock::sync::Mutex;
/// use nonblock::WouldBlock;
///
/// let table = Mutex::new(vec![1, 2, 3]);
/// nonblock::sleepable(|cx| {
///     table.lock(cx).push(4);
///     let held = table.lock(cx);
///     let refused = cx.non_block(|nb| table.acquire(nb).map(|table| table.len()));
///     assert_eq!(refused, Err(WouldBlock));
///     drop(held);
///     assert_eq!(cx.non_block(|nb| table.acquire(nb).map(|table| table.len())), Ok(4));
/// });
/// ```
///
/// A mutex that serves its waiters in turn:
///
/// ```
/// use nonblock::sync::Mutex;
///
/// type FairMutex<T> = Mutex<T, parking_lot::RawFairMutex>;
///
/// static QUEUE: FairMutex<Vec<u64>> = FairMutex::with_raw(Vec::new());
///
/// nonblock::sleepable(|cx| QUEUE.lock(cx).push(1));
/// ```
// The raw lock comes last and has a default, so that the compiler's messages leave it out.
pub struct Mutex<
    T: ?Sized,
    #[cfg(feature = "sync")] R = super::raw_parking::RawParkingMutex,
    #[cfg(not(feature = "sync"))] R,
> {
    class: Class,
    inner: lock_api::Mutex<R, T>,
}

lock!(Mutex<RawMutex> of lock_api::Mutex, feature = "sync");

impl<T: ?Sized, R: RawMutex> Mutex<T, R> {
    /// Waits for the lock and takes it.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. The token is free again while the lock is held, so its holder
    /// may go on sleeping.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::Mutex;
    /// let pages = Mutex::new(0);
    /// nonblock::sleepable(|cx| *pages.lock(cx) += 1);
    /// assert_eq!(pages.into_inner(), 1);
    /// ```
    ///
    /// ```compile_fail,E0308
    /// # use nonblock::sync::Mutex;
    /// let pages = Mutex::new(0);
    /// nonblock::non_block(|nb| *pages.lock(nb) += 1); // a section only tries
    /// ```
    #[inline]
    #[track_caller]
    pub fn lock(&self, cx: &mut Sleepable) -> MutexGuard<'_, T, R> {
        let _ = cx;
        let _call = with_token::lend();
        let taken = Taken::waiting(&self.class);
        MutexGuard { inner: self.inner.lock(), section: (), taken }
    }

    /// Takes the lock if it is free.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::Mutex;
    /// let pages = Mutex::new(0);
    /// nonblock::non_block(|_nb| match pages.try_lock() {
    ///     Some(mut pages) => *pages += 1,
    ///     None => { /* put it off */ }
    /// });
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T, R>> {
        let inner = self.inner.try_lock()?;
        Some(MutexGuard { inner, section: (), taken: Taken::tried(&self.class) })
    }

    /// Waits for the lock if the context may sleep, and tries it if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if somebody holds the lock. Never for a `Sleepable`: the
    /// error type is uninhabited then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::{Context, sync::Mutex};
    /// fn clear<C: Context>(table: &Mutex<Vec<u64>>, cx: &mut C) -> Result<(), C::Refusal> {
    ///     table.acquire(cx)?.clear();
    ///     Ok(())
    /// }
    /// # let table = Mutex::new(vec![1]);
    /// # nonblock::non_block(|nb| clear(&table, nb)).unwrap();
    /// # assert!(table.into_inner().is_empty());
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<MutexGuard<'_, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.lock(cx)),
            Err(refusal) => self.try_lock().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawMutexTimed<Duration = Duration>> Mutex<T, R> {
    /// Waits for the lock, but no longer than a time.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::sync::Mutex;
    /// # use std::time::Duration;
    /// let pages = Mutex::new(0);
    /// nonblock::sleepable(|cx| {
    ///     let held = pages.lock(cx);
    ///     assert!(pages.try_lock_for(cx, Duration::from_millis(1)).is_none());
    ///     drop(held);
    ///     assert!(pages.try_lock_for(cx, Duration::from_millis(1)).is_some());
    /// });
    /// ```
    #[must_use = "if the time ran out, somebody else still has the lock: touch nothing that it guards"]
    #[track_caller]
    pub fn try_lock_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<MutexGuard<'_, T, R>> {
        let _ = cx;
        let _call = with_token::lend();
        let inner = self.inner.try_lock_for(timeout)?;
        Some(MutexGuard { inner, section: (), taken: Taken::tried(&self.class) })
    }
}

/// Shows the value if the lock is free, and holds the lock meanwhile. Does not wait for it.
impl<T: ?Sized + fmt::Debug, R: RawMutex> fmt::Debug for Mutex<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(value) => debug.field("value", &&*value),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

guard! {
    /// A held [`Mutex`]: gives access to the value, and unlocks when dropped.
    ///
    /// Its methods take the guard as an argument, so that they do not hide those of the value.
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// See [`Mutex`].
    MutexGuard<RawMutex = super::raw_parking::RawParkingMutex, [feature = "sync"]> of lock_api::MutexGuard<R>, (), DerefMut
}

guard! {
    /// A held [`Mutex`], of whose value a part can be reached. Made by [`MutexGuard::map`].
    ///
    /// # Context
    ///
    /// Its holder may sleep. Dropping it does not sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Sleepable;
    /// use nonblock::sync::{MappedMutexGuard, Mutex, MutexGuard};
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
    /// ```
    MappedMutexGuard<RawMutex = super::raw_parking::RawParkingMutex, [feature = "sync"]> of lock_api::MappedMutexGuard<R>, (), DerefMut
}

map!(MutexGuard<RawMutex> of lock_api::MutexGuard => MappedMutexGuard, mut);
map!(MappedMutexGuard<RawMutex> of lock_api::MappedMutexGuard => MappedMutexGuard, mut);
unlock_fair!(MutexGuard<RawMutexFair> of lock_api::MutexGuard);

impl<T: ?Sized, R: RawMutex> MutexGuard<'_, T, R> {
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
    /// use nonblock::sync::{Mutex, MutexGuard};
    ///
    /// let table = Mutex::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut held = table.lock(cx);
    ///     MutexGuard::unlocked(&mut held, cx, |cx| *table.lock(cx) += 1);
    ///     assert_eq!(*held, 2);
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
        lock_api::MutexGuard::unlocked(&mut guard.inner, || {
            taken.let_go_while(place, || {
                let result = f(cx);
                _relock = Some(with_token::lend_at(place));
                result
            })
        })
    }
}

impl<T: ?Sized, R: RawMutexFair> MutexGuard<'_, T, R> {
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
        lock_api::MutexGuard::bump(&mut guard.inner);
    }
}
