//! A cell that is written once, without a lock. Whoever comes second sees the first value, or goes on without.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU8, Ordering};

const EMPTY: u8 = 0;
const WRITING: u8 = 1;
const FULL: u8 = 2;

/// How often a reader looks again at a cell that is just being written.
const PATIENCE: usize = 128;

/// A place for one value that stays for as long as the program runs.
pub(super) struct OnceCell<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written once, by the thread that moved the state from empty to writing, and
// is read only after the state says full; `T: Copy` has no destructor to race with.
unsafe impl<T: Copy + Send + Sync> Sync for OnceCell<T> {}

impl<T: Copy> OnceCell<T> {
    pub(super) const fn empty() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Returns the value, or `None` if there is none yet.
    pub(super) fn get(&self) -> Option<T> {
        if self.state.load(Ordering::Acquire) != FULL {
            return None;
        }
        // SAFETY: the state is full, so the value was written, and is never written again.
        let value = unsafe { *self.value.get() };
        // SAFETY: as above, it is initialized.
        Some(unsafe { value.assume_init() })
    }

    /// Writes the value into an empty cell, and returns what the cell holds: this value or an earlier
    /// one. `None` if another thread has been writing for longer than is worth waiting for.
    pub(super) fn get_or_set(&self, value: T) -> Option<T> {
        let claimed =
            self.state.compare_exchange(EMPTY, WRITING, Ordering::Acquire, Ordering::Acquire);
        if claimed.is_ok() {
            // SAFETY: this thread alone moved the state to writing, and nobody reads until it is full.
            unsafe { *self.value.get() = MaybeUninit::new(value) };
            self.state.store(FULL, Ordering::Release);
            return Some(value);
        }
        (0..PATIENCE).find_map(|_| {
            core::hint::spin_loop();
            self.get()
        })
    }
}
