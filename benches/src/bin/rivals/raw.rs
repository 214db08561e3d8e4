//! The raw locks that ours are built on, without a wrapper: the least that a lock can cost.

use std::cell::UnsafeCell;
use std::hint::black_box;

use nonblock::sync::lock_api::{RawMutex as _, RawRwLock as _};
use nonblock::sync::{RawParkingMutex, RawParkingRwLock};

/// A number behind a raw mutex.
pub(crate) struct BareMutex {
    raw: RawParkingMutex,
    value: UnsafeCell<u64>,
}

// SAFETY: the value is reached with the raw lock held only.
unsafe impl Sync for BareMutex {}

impl BareMutex {
    pub(crate) fn new() -> Self {
        Self { raw: RawParkingMutex::INIT, value: UnsafeCell::new(0) }
    }

    #[inline]
    pub(crate) fn raise(&self) {
        let held = self.raw.lock();
        // SAFETY: the lock is held, so nobody else reaches the value.
        let value = unsafe { &mut *self.value.get() };
        *value = value.wrapping_add(1);
        // SAFETY: this thread holds the lock.
        unsafe { self.raw.unlock(held) };
    }
}

/// A number behind a raw read-write lock.
pub(crate) struct BareRwLock {
    raw: RawParkingRwLock,
    value: UnsafeCell<u64>,
}

// SAFETY: the value is reached with the raw lock held only, and changed with it held exclusively.
unsafe impl Sync for BareRwLock {}

impl BareRwLock {
    pub(crate) fn new() -> Self {
        Self { raw: RawParkingRwLock::INIT, value: UnsafeCell::new(0) }
    }

    #[inline]
    pub(crate) fn read(&self) {
        let held = self.raw.lock_shared();
        // SAFETY: the lock is held, so nobody changes the value.
        black_box(unsafe { *self.value.get() });
        // SAFETY: this thread holds the lock, shared.
        unsafe { self.raw.unlock_shared(held) };
    }

    #[inline]
    pub(crate) fn raise(&self) {
        let held = self.raw.lock_exclusive();
        // SAFETY: the lock is held exclusively, so nobody else reaches the value.
        let value = unsafe { &mut *self.value.get() };
        *value = value.wrapping_add(1);
        // SAFETY: this thread holds the lock, exclusively.
        unsafe { self.raw.unlock_exclusive(held) };
    }
}
