//! A slice with several owners. The count of its owners and its values lie in different cache lines.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

/// A slice that never changes. Clones share it.
///
/// An `Arc<[T]>` has its counts just before its first values, in the same cache line. A thread that clones or drops one writes
/// to this line, and readers on other processors have to fetch it again. Here the counts are elsewhere, so readers lose nothing.
pub(super) struct SharedSlice<T> {
    owner: Arc<Box<[T]>>,
    /// The values in the box of `owner`.
    values: NonNull<[T]>,
}

// SAFETY: it is an `Arc` of a box, and a shared reference to the values in the box.
unsafe impl<T: Send + Sync> Send for SharedSlice<T> {}

// SAFETY: it is an `Arc` of a box, and a shared reference to the values in the box.
unsafe impl<T: Send + Sync> Sync for SharedSlice<T> {}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(values: Vec<T>) -> Self {
        let owner = Arc::new(values.into_boxed_slice());
        // The pointer is taken after the box has moved to the place where it stays.
        let values = NonNull::from(&**owner);
        Self { owner, values }
    }
}

impl<T> Clone for SharedSlice<T> {
    fn clone(&self) -> Self {
        Self { owner: Arc::clone(&self.owner), values: self.values }
    }
}

impl<T> Deref for SharedSlice<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `owner` keeps the box alive as long as `self` lives. The box is shared, so nobody changes the values in it.
        unsafe { self.values.as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
