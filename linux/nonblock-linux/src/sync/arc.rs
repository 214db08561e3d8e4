//! A value with several owners.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use nonblock::Context;

use crate::alloc::{AllocError, Box};

/// A value with several owners, as `std::sync::Arc`. The last owner's drop drops it.
///
/// For what several callbacks use: each subscription owns its notifier, and each notifier an `Arc` of the device. Mirrors
/// Linux's `struct kref` (`include/linux/kref.h`, 6.12).
///
/// # Context
///
/// [`new`](Self::new) allocates, as [`Box::new`] does. To clone it does not sleep. To drop it does not sleep either, but the last
/// drop drops the value, which may. Where the value's drop sleeps, see to it that the last owner may sleep.
///
/// # Examples
///
/// ```
/// use nonblock_linux::sync::Arc;
///
/// let device = nonblock::sleepable(|cx| Arc::new(5, cx))?;
/// let other = Arc::clone(&device);
/// assert_eq!(*other, 5);
/// assert_eq!(Arc::into_inner(other), None);
/// assert_eq!(Arc::into_inner(device), Some(5));
/// # Ok::<(), nonblock_linux::alloc::AllocError<i32>>(())
/// ```
pub struct Arc<T> {
    inner: NonNull<Inner<T>>,
    // It may drop a `T`.
    _owns: PhantomData<Inner<T>>,
}

struct Inner<T> {
    owners: AtomicUsize,
    value: T,
}

/// Beyond this many owners some were forgotten in a loop. A count that overflows would free the value while it is used.
const MAX_OWNERS: usize = isize::MAX as usize;

// SAFETY: an `Arc` on another thread can share the value with it, and drop it there.
unsafe impl<T: Send + Sync> Send for Arc<T> {}
// SAFETY: as above; a shared `Arc` can be cloned.
unsafe impl<T: Send + Sync> Sync for Arc<T> {}

impl<T> Arc<T> {
    /// Moves a value into memory of its own.
    ///
    /// # Context
    ///
    /// Takes either token. May sleep with a `Sleepable`. With a `NonBlock` it does what [`Box::new`] does in a section.
    ///
    /// # Errors
    ///
    /// [`AllocError`], with the value, if there is no memory.
    pub fn new<C: Context>(value: T, cx: &mut C) -> Result<Self, AllocError<T>> {
        let inner = Inner { owners: AtomicUsize::new(1), value };
        match Box::new(inner, cx) {
            Ok(inner) => Ok(Self { inner: Box::into_raw(inner), _owns: PhantomData }),
            Err(error) => Err(AllocError::new(error.into_inner().value)),
        }
    }

    /// Returns the value if this is its last owner. Otherwise this owner is dropped.
    ///
    /// If several threads call it for one value, exactly one of them gets the value.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn into_inner(this: Self) -> Option<T> {
        let this = core::mem::ManuallyDrop::new(this);
        // SAFETY: `this` is not dropped, so its count is given back once.
        let last = unsafe { Self::give_back(this.inner) };
        last.map(|inner| Box::into_inner(inner).value)
    }

    /// Gives one owner's count back. Returns the memory to the last.
    ///
    /// # Safety
    ///
    /// The caller has a count, and does not use the pointer afterwards.
    unsafe fn give_back(inner: NonNull<Inner<T>>) -> Option<Box<Inner<T>>> {
        // SAFETY: the caller's count keeps it alive.
        let owners = unsafe { &inner.as_ref().owners };
        // What this owner did with the value comes before the drop, which another may make.
        if owners.fetch_sub(1, Ordering::Release) != 1 {
            return None;
        }
        fence(Ordering::Acquire);
        // SAFETY: it comes from `Box::into_raw`, and there is no other owner.
        Some(unsafe { Box::from_raw(inner) })
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this owner's count keeps it alive, and nobody has it mutably.
        &unsafe { self.inner.as_ref() }.value
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        // SAFETY: this owner's count keeps it alive.
        let owners = unsafe { &self.inner.as_ref().owners };
        // A new owner is made of one that is there: nothing has to be ordered.
        let before = owners.fetch_add(1, Ordering::Relaxed);
        assert!(before < MAX_OWNERS, "an `Arc` has too many owners");
        Self { inner: self.inner, _owns: PhantomData }
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        // SAFETY: a value is dropped once, and its pointer not used again.
        drop(unsafe { Self::give_back(self.inner) });
    }
}

impl<T: fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
