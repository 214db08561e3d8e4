//! Lists that several own, and whose count of owners lies apart from them.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use super::apart::Uncounted;

/// A list that never changes. Copies share it.
///
/// An `Arc<[T]>` would have its counts in front of its first values, and whoever copies or drops one would take those from
/// their readers. Here a reader never looks at the counts.
pub(super) struct Shared<T> {
    owner: Arc<Uncounted<Box<[T]>>>,
    /// The owner's.
    values: NonNull<[T]>,
}

// SAFETY: it is an `Arc` of a box, and a reference to what is in the box.
unsafe impl<T: Send + Sync> Send for Shared<T> {}

// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(values: Vec<T>) -> Self {
        let owner = Arc::new(Uncounted::new(values.into_boxed_slice()));
        // Taken when the box is where it stays.
        let values = NonNull::from(&***owner);
        Self { owner, values }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { owner: Arc::clone(&self.owner), values: self.values }
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the owner is there as long as this, and shared, so that nobody changes what is in its box.
        unsafe { self.values.as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
