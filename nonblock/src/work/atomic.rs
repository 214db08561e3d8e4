//! Where queues and reserves take their atomics, their ring and their waiting from: one place, so that a model checker's
//! can stand in for them.

#[cfg(feature = "std")]
pub(super) use core::sync::atomic::{AtomicBool, fence};
pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};
pub(crate) use crossbeam_queue::ArrayQueue;
#[cfg(feature = "std")]
pub(super) use std::thread::{Thread, current, park, sleep};

/// How many threads can wait with one bell: a bit each.
#[cfg(feature = "std")]
pub(super) const SEATS: usize = usize::BITS as usize;

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
