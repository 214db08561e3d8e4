//! Where the queue takes its atomics and its waiting from: one place, so that a model checker's can stand in for them.

#[cfg(feature = "std")]
pub(super) use core::sync::atomic::{AtomicBool, fence};
pub(super) use core::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "std")]
pub(super) use std::thread::{Thread, current, park, sleep};

/// As the standard library's, with the methods of a checked one.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(super) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg(feature = "std")]
impl<T> UnsafeCell<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// Lends a pointer for reading.
    pub(super) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Lends a pointer for writing.
    pub(super) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}
