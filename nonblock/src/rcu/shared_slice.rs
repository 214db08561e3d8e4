//! A slice that several own, whose count of owners lies in another cache line.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

/// A slice that never changes. Copies share it.
///
/// An `Arc<[T]>` has its counts in front of its first values. Whoever copies or drops one takes that cache line from the
/// readers. Here a reader never looks at the counts.
pub(super) struct SharedSlice<T> {
    owner: Arc<Box<[T]>>,
    /// What the owner's box holds.
    values: NonNull<[T]>,
}

// SAFETY: it is an `Arc` of a box, and a reference to what is in the box.
unsafe impl<T: Send + Sync> Send for SharedSlice<T> {}

// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for SharedSlice<T> {}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(values: Vec<T>) -> Self {
        let owner = Arc::new(values.into_boxed_slice());
        // Taken when the box is where it stays.
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
        // SAFETY: the owner is there as long as this, and shared, so that nobody changes what is in its box.
        unsafe { self.values.as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
