//! A slice with several owners. The count of its owners and its values lie in different cache lines.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::vec::Vec;

/// The least capacity of a buffer that has to grow.
const MIN_CAPACITY: usize = 4;

/// A slice that never changes. Clones share it.
///
/// An `Arc<[T]>` has its counts in front of its first values. So a thread that clones or drops one takes the cache line of
/// these values from the readers. Here a reader never looks at the counts.
///
/// A slice with one more value at its end mostly shares the memory too: see [`pushed`](Self::pushed).
pub(super) struct SharedSlice<T> {
    owner: Arc<Buffer<T>>,
    /// The first values in the buffer of `owner`.
    values: NonNull<[T]>,
    // It is invariant. What is pushed lies in the buffer that others share, and is dropped with it. If a slice could be taken for
    // one of shorter borrows, such a borrow could be pushed, and would be over when the last of the others drops the buffer.
    _invariant: PhantomData<*mut T>,
}

/// The memory of several slices, each of which is a prefix of the values.
struct Buffer<T> {
    values: NonNull<T>,
    capacity: usize,
    /// How many places hold a value, or are being given one by a thread that owns a part of this.
    filled: AtomicUsize,
}

// SAFETY: it owns its values, as a `Vec` does, and its slices share them.
unsafe impl<T: Send + Sync> Send for Buffer<T> {}

// SAFETY: it owns its values, as a `Vec` does, and its slices share them.
unsafe impl<T: Send + Sync> Sync for Buffer<T> {}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        // SAFETY: these are the parts of the `Vec` that this was made of. Each thread that claimed a place has filled it, since
        // it owned a part of this until then.
        drop(unsafe {
            Vec::from_raw_parts(self.values.as_ptr(), *self.filled.get_mut(), self.capacity)
        });
    }
}

// SAFETY: it is an `Arc` of a buffer, and a shared reference to values in it.
unsafe impl<T: Send + Sync> Send for SharedSlice<T> {}

// SAFETY: it is an `Arc` of a buffer, and a shared reference to values in it.
unsafe impl<T: Send + Sync> Sync for SharedSlice<T> {}

impl<T> SharedSlice<T> {
    const fn of(owner: Arc<Buffer<T>>, values: NonNull<[T]>) -> Self {
        Self { owner, values, _invariant: PhantomData }
    }
}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(values: Vec<T>) -> Self {
        let (len, capacity) = (values.len(), values.capacity());
        // SAFETY: the pointer of a `Vec` is never null.
        let first = unsafe { NonNull::new_unchecked(ManuallyDrop::new(values).as_mut_ptr()) };
        let buffer = Buffer { values: first, capacity, filled: AtomicUsize::new(len) };
        Self::of(Arc::new(buffer), NonNull::slice_from_raw_parts(first, len))
    }
}

impl<T: Clone> SharedSlice<T> {
    /// Returns a slice with one more value at its end.
    ///
    /// If nobody has pushed to this slice before, and its buffer has room, the new slice shares the buffer. Then the value is
    /// dropped with the buffer. Otherwise the values are copied to a buffer of twice the size. So `n` slices, each pushed to
    /// the one before, have buffers of less than `4 * n` places together, and not of `n * n`.
    pub(super) fn pushed(&self, value: T) -> Self {
        let len = self.len();
        let first = self.values.cast::<T>();
        let claim = |from| {
            let filled = &self.owner.filled;
            filled.compare_exchange(from, from + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if len < self.owner.capacity && claim(len) {
            // SAFETY: the place is within the buffer.
            let place = unsafe { first.add(len) };
            // SAFETY: the place was claimed, so no other thread writes it. It is behind every slice that was made before, so
            // nobody reads it.
            unsafe { place.write(value) };
            let values = NonNull::slice_from_raw_parts(first, len + 1);
            return Self::of(Arc::clone(&self.owner), values);
        }
        let mut copy = Vec::with_capacity(MIN_CAPACITY.max(2 * len));
        copy.extend_from_slice(self);
        copy.push(value);
        copy.into()
    }
}

impl<T> Clone for SharedSlice<T> {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.owner), self.values)
    }
}

impl<T> Deref for SharedSlice<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `owner` is there as long as `self`. The values of this slice were written before it was made, and nobody
        // changes them.
        unsafe { self.values.as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
