//! A cell of the checker's that can be made in constants.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

/// As the checker's `UnsafeCell`, which is made when it is first used.
pub struct Cell<T> {
    cell: OnceLock<loom::cell::UnsafeCell<T>>,
    /// What the cell holds first. A lock that the checker does not see.
    first: Mutex<Option<T>>,
}

impl<T> Cell<T> {
    /// Makes a cell.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { cell: OnceLock::new(), first: Mutex::new(Some(value)) }
    }

    /// Lends a pointer for reading.
    #[track_caller]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        self.cell().with(f)
    }

    /// Lends a pointer for writing.
    #[track_caller]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        self.cell().with_mut(f)
    }

    fn cell(&self) -> &loom::cell::UnsafeCell<T> {
        self.cell.get_or_init(|| {
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            loom::cell::UnsafeCell::new(first.expect("a cell is made once"))
        })
    }
}

impl<T> fmt::Debug for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell").finish_non_exhaustive()
    }
}
