//! A mutex with the standard library's interface that can be made in constants.

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError};

use super::lazy::Lazy;

/// As the standard library's.
pub struct Mutex<T> {
    lock: Lazy<loom::sync::Mutex<()>>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by whoever holds the lock, one thread at a time, as with the standard library's.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Makes an unlocked one.
    pub const fn new(value: T) -> Self {
        Self { lock: Lazy::new(|| loom::sync::Mutex::new(())), value: UnsafeCell::new(value) }
    }

    /// Waits for the lock and takes it. It is never poisoned.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        Ok(MutexGuard { held: Some(self.held()), mutex: self })
    }

    pub(super) fn held(&self) -> loom::sync::MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reaches the value, nobody else having it.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        Ok(self.value.get_mut())
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

/// A held [`Mutex`].
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    /// Gone while a condition variable waits.
    pub(super) held: Option<loom::sync::MutexGuard<'a, ()>>,
    pub(super) mutex: &'a Mutex<T>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard borrowed exclusively.
        unsafe { &mut *self.mutex.value.get() }
    }
}
