//! A cell that is written once, without a lock. A later writer gets the first value. If the first writer is not done yet, it gets
//! nothing, and does not wait.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use crate::primitive::{AtomicU8, Ordering};

const EMPTY: u8 = 0;
#[cfg(any(target_has_atomic = "8", feature = "portable-atomic"))]
const WRITING: u8 = 1;
const FULL: u8 = 2;

/// How often a reader looks again at a cell that another thread is writing.
#[cfg(any(target_has_atomic = "8", feature = "portable-atomic"))]
const MAX_SPINS: usize = 128;

/// A cell for one value, which stays for as long as the program runs.
pub(crate) struct OnceCell<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is written once, by the thread that moved the state from empty to writing. It is read only after the
// state is full. `T: Copy` has no destructor, so none can race with a read.
unsafe impl<T: Copy + Send + Sync> Sync for OnceCell<T> {}

impl<T: Copy> OnceCell<T> {
    pub(crate) const fn empty() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Returns the value, or `None` if there is none yet.
    pub(crate) fn get(&self) -> Option<T> {
        if self.state.load(Ordering::Acquire) != FULL {
            return None;
        }
        // SAFETY: the state is full, so the value was written, and it is never written again.
        let value = unsafe { *self.value.get() };
        // SAFETY: the state is full, so the value is initialized.
        Some(unsafe { value.assume_init() })
    }

    /// Writes the value if the cell is empty. Returns what the cell holds: this value, or an earlier one.
    ///
    /// Returns `None` if another thread is still writing after [`MAX_SPINS`] looks.
    #[cfg(any(target_has_atomic = "8", feature = "portable-atomic"))]
    pub(crate) fn get_or_set(&self, value: T) -> Option<T> {
        let claimed =
            self.state.compare_exchange(EMPTY, WRITING, Ordering::Acquire, Ordering::Acquire);
        if claimed.is_ok() {
            // SAFETY: this thread alone moved the state to writing, and nobody reads the value until the state is full.
            unsafe { *self.value.get() = MaybeUninit::new(value) };
            self.state.store(FULL, Ordering::Release);
            return Some(value);
        }
        (0..MAX_SPINS).find_map(|_| {
            core::hint::spin_loop();
            self.get()
        })
    }

    /// Returns `None`, and leaves the cell empty: without compare-and-swap two threads could both write it.
    #[cfg(not(any(target_has_atomic = "8", feature = "portable-atomic")))]
    pub(crate) fn get_or_set(&self, _value: T) -> Option<T> {
        self.get()
    }
}
