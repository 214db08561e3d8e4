//! The one lock for a value that has one holder: kinds differ by the token that waiting takes.

use core::marker::PhantomData;

use lock_api::RawMutex;

use super::guard::Guard;
use super::kind::Kind;

/// A value `T` behind a raw lock `R`, waited for as the kind `K` says.
///
/// Used by its aliases [`Mutex`](crate::sync::Mutex) and [`SpinLock`](crate::sync::SpinLock), or with a raw lock of one's
/// own, without `std` too: any [`RawMutex`] of the `lock_api` crate's will do.
///
/// [`RawMutex`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawMutex.html
///
/// # Context
///
/// Making, taking apart and looking at a lock does not sleep. For `lock`, see the kinds.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sync")] {
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
    #[cfg(feature = "sync")] R = parking_lot::RawMutex,
    #[cfg(not(feature = "sync"))] R,
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

    /// Reaches the lock of `lock_api`'s.
    #[inline]
    pub(super) fn raw(&self) -> &lock_api::Mutex<R, T> {
        &self.inner
    }

    /// Waits for the raw lock. What the kind holds meanwhile is in force before the wait begins.
    #[inline]
    #[track_caller]
    pub(super) fn wait(&self, held: K::Held) -> Guard<'_, K, T, R> {
        Guard { inner: self.inner.lock(), held }
    }

    /// Takes the raw lock if it is free.
    #[inline]
    #[track_caller]
    pub(super) fn try_take(&self, held: K::Held) -> Option<Guard<'_, K, T, R>> {
        self.inner.try_lock().map(|inner| Guard { inner, held })
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
