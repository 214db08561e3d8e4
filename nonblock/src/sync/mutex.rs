//! The sleeping kind: waiting takes the right to sleep.

use core::fmt;
use core::time::Duration;

use lock_api::{RawMutex, RawMutexFair, RawMutexTimed};

use super::guard::Guard;
use super::kind::Sleeping;
use super::lock::Lock;
use crate::check::might_sleep;
use crate::context::Context;
use crate::token::Sleepable;

impl<T: ?Sized, R: RawMutex> Lock<Sleeping, T, R> {
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
    pub fn lock(&self, cx: &mut Sleepable) -> Guard<'_, Sleeping, T, R> {
        let _ = cx;
        might_sleep();
        self.wait(())
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
    pub fn try_lock(&self) -> Option<Guard<'_, Sleeping, T, R>> {
        self.try_take(())
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
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<Guard<'_, Sleeping, T, R>, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.lock(cx)),
            Err(refusal) => self.try_lock().ok_or(refusal),
        }
    }
}

impl<T: ?Sized, R: RawMutexTimed<Duration = Duration>> Lock<Sleeping, T, R> {
    /// Waits for the lock, but not longer than a time.
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
    #[track_caller]
    pub fn try_lock_for(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Option<Guard<'_, Sleeping, T, R>> {
        let _ = cx;
        might_sleep();
        self.raw().try_lock_for(timeout).map(|inner| Guard { inner, held: () })
    }
}

impl<T: ?Sized, R: RawMutex> Guard<'_, Sleeping, T, R> {
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
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sync")] {
    /// use nonblock::sync::{Mutex, MutexGuard};
    ///
    /// let table = Mutex::new(1);
    /// nonblock::sleepable(|cx| {
    ///     let mut held = table.lock(cx);
    ///     MutexGuard::unlocked(&mut held, cx, |cx| *table.lock(cx) += 1);
    ///     assert_eq!(*held, 2);
    /// });
    /// # }
    /// ```
    #[track_caller]
    pub fn unlocked<U>(
        guard: &mut Self,
        cx: &mut Sleepable,
        f: impl FnOnce(&mut Sleepable) -> U,
    ) -> U {
        might_sleep();
        lock_api::MutexGuard::unlocked(&mut guard.inner, || f(cx))
    }
}

impl<T: ?Sized, R: RawMutexFair> Guard<'_, Sleeping, T, R> {
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
        lock_api::MutexGuard::bump(&mut guard.inner);
    }
}

/// With the value if the lock is free, which is held meanwhile; it is not waited for.
impl<T: ?Sized + fmt::Debug, R: RawMutex> fmt::Debug for Lock<Sleeping, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(value) => debug.field("value", &&*value),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}
