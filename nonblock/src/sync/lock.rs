//! The one lock and the one guard: kinds differ by the token that waiting takes.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use lock_api::RawMutex;

pub(super) mod sealed {
    /// What is a kind, with what the crate alone needs to know of it.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be a kind of lock",
        label = "the kinds are `Sleeping` and `Spinning`, and no other can be added",
        note = "a lock held by code that may sleep and waited for in a section would break the promise of both"
    )]
    pub trait Sealed {
        /// What a guard holds beside the lock.
        type Held;
    }
}

/// How a lock is waited for, and what holding it means. Sealed: [`Sleeping`] and [`Spinning`].
///
/// [`Sleeping`]: crate::sync::Sleeping
/// [`Spinning`]: crate::sync::Spinning
pub trait Kind: sealed::Sealed {}

/// A value `T` behind a raw lock `R`, waited for as the kind `K` says.
///
/// Used by its aliases [`Mutex`](crate::sync::Mutex) and [`SpinLock`](crate::sync::SpinLock), or with a raw lock of one's
/// own, without `std` too: any [`lock_api::RawMutex`] will do.
///
/// # Context
///
/// Making, taking apart and looking at a lock does not sleep. For `lock`, see the kinds.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "parking_lot")] {
/// use nonblock::sync::{Lock, Sleeping};
///
/// /// A mutex that serves its waiters in turn.
/// type FairMutex<T> = Lock<Sleeping, T, parking_lot::RawFairMutex>;
///
/// let queue = FairMutex::new(0);
/// nonblock::sleepable(|cx| *queue.lock(cx) += 1);
/// # }
/// ```
// `R` comes last and has a default so that rustc's messages leave it out.
pub struct Lock<
    K,
    T: ?Sized,
    #[cfg(feature = "parking_lot")] R = parking_lot::RawMutex,
    #[cfg(not(feature = "parking_lot"))] R,
> {
    kind: PhantomData<K>,
    inner: lock_api::Mutex<R, T>,
}

impl<K: Kind, T, R: RawMutex> Lock<K, T, R> {
    /// Makes an unlocked lock around a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new(value: T) -> Self {
        Self { kind: PhantomData, inner: lock_api::Mutex::new(value) }
    }

    /// Takes the value out.
    ///
    /// # Context
    ///
    /// May be called anywhere: owning the lock, nobody else holds it.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<K: Kind, T: ?Sized, R: RawMutex> Lock<K, T, R> {
    /// Reaches the value through an exclusive borrow of the lock, without locking.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// Says whether somebody holds the lock. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// Waits for the raw lock. What the kind holds meanwhile is in force before the wait begins.
    #[inline]
    #[track_caller]
    pub(super) fn wait(&self, held: K::Held) -> Guard<'_, K, T, R> {
        Guard { inner: self.inner.lock(), _held: held }
    }

    /// Takes the raw lock if it is free.
    #[inline]
    #[track_caller]
    pub(super) fn try_take(&self, held: K::Held) -> Option<Guard<'_, K, T, R>> {
        self.inner.try_lock().map(|inner| Guard { inner, _held: held })
    }
}

/// A held lock: the value can be reached through it, and it unlocks when dropped.
///
/// # Context
///
/// Dropping it does not sleep. The guard of a spinning lock cannot leave its section.
#[must_use = "the lock is released at once if its guard is not kept"]
pub struct Guard<
    'a,
    K: Kind,
    T: ?Sized,
    #[cfg(feature = "parking_lot")] R: RawMutex = parking_lot::RawMutex,
    #[cfg(not(feature = "parking_lot"))] R: RawMutex,
> {
    // Dropped first: the lock is released before the section that holding it meant ends.
    inner: lock_api::MutexGuard<'a, R, T>,
    _held: K::Held,
}

impl<K: Kind, T: ?Sized, R: RawMutex> Deref for Guard<'_, K, T, R> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<K: Kind, T: ?Sized, R: RawMutex> DerefMut for Guard<'_, K, T, R> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<K: Kind, T: ?Sized + fmt::Debug, R: RawMutex> fmt::Debug for Guard<'_, K, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<K: Kind, T: ?Sized + fmt::Display, R: RawMutex> fmt::Display for Guard<'_, K, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<K: Kind, T: Default, R: RawMutex> Default for Lock<K, T, R> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<K: Kind, T, R: RawMutex> From<T> for Lock<K, T, R> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
