//! The one lock for a value that has one writer or many readers: kinds differ by the token that waiting takes.

use core::marker::PhantomData;

use lock_api::RawRwLock;

use super::guard::{ReadGuard, WriteGuard};
use super::kind::Kind;

/// A value `T` behind a raw read-write lock `R`, waited for as the kind `K` says.
///
/// Used by its aliases [`RwLock`](crate::sync::RwLock) and [`SpinRwLock`](crate::sync::SpinRwLock), or with a raw lock of
/// one's own, without `std` too: any [`RawRwLock`] of the `lock_api` crate's will do.
///
/// [`RawRwLock`]: https://docs.rs/lock_api/0.5/lock_api/trait.RawRwLock.html
///
/// # Context
///
/// Making, taking apart and looking at a lock does not sleep. For `read` and `write`, see the kinds.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sync")] {
/// use nonblock::sync::{RwLock, SpinRwLock};
/// use nonblock::WouldBlock;
///
/// let names = RwLock::new(vec!["eth0"]); // may be held across a sleep
/// let limits = SpinRwLock::new([64, 1500]); // is held in a section only
/// nonblock::sleepable(|cx| {
///     let reader = names.read(cx);
///     cx.non_block(|nb| {
///         assert_eq!(limits.read(nb)[1], 1500);
///         assert_eq!(names.acquire_read(nb).unwrap().len(), 1); // readers share
///         assert_eq!(names.acquire_write(nb).err(), Some(WouldBlock));
///     });
///     drop(reader);
///     names.write(cx).push("eth1");
/// });
/// # }
/// ```
// `R` comes last and has a default so that rustc's messages leave it out.
pub struct ReadWriteLock<
    K,
    T: ?Sized,
    #[cfg(feature = "sync")] R = parking_lot::RawRwLock,
    #[cfg(not(feature = "sync"))] R,
> {
    kind: PhantomData<K>,
    inner: lock_api::RwLock<R, T>,
}

impl<K: Kind, T, R: RawRwLock> ReadWriteLock<K, T, R> {
    /// Makes an unlocked lock around a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new(value: T) -> Self {
        Self { kind: PhantomData, inner: lock_api::RwLock::new(value) }
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

impl<K: Kind, T: ?Sized, R: RawRwLock> ReadWriteLock<K, T, R> {
    /// Reaches the value through an exclusive borrow of the lock, without locking.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// Says whether somebody holds the lock, reading or writing. It may have changed when the caller looks at the
    /// answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// Says whether somebody holds the lock to write. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_locked_exclusive(&self) -> bool {
        self.inner.is_locked_exclusive()
    }

    /// Reaches the lock of `lock_api`'s.
    #[inline]
    pub(super) fn raw(&self) -> &lock_api::RwLock<R, T> {
        &self.inner
    }

    /// Waits to read. What the kind holds meanwhile is in force before the wait begins.
    #[inline]
    #[track_caller]
    pub(super) fn wait_to_read(&self, held: K::Held) -> ReadGuard<'_, K, T, R> {
        ReadGuard { inner: self.inner.read(), held }
    }

    /// Waits to write. What the kind holds meanwhile is in force before the wait begins.
    #[inline]
    #[track_caller]
    pub(super) fn wait_to_write(&self, held: K::Held) -> WriteGuard<'_, K, T, R> {
        WriteGuard { inner: self.inner.write(), held }
    }

    /// Reads if nobody writes.
    #[inline]
    #[track_caller]
    pub(super) fn try_to_read(&self, held: K::Held) -> Option<ReadGuard<'_, K, T, R>> {
        self.inner.try_read().map(|inner| ReadGuard { inner, held })
    }

    /// Writes if nobody holds the lock.
    #[inline]
    #[track_caller]
    pub(super) fn try_to_write(&self, held: K::Held) -> Option<WriteGuard<'_, K, T, R>> {
        self.inner.try_write().map(|inner| WriteGuard { inner, held })
    }
}

impl<K: Kind, T: Default, R: RawRwLock> Default for ReadWriteLock<K, T, R> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<K: Kind, T, R: RawRwLock> From<T> for ReadWriteLock<K, T, R> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
