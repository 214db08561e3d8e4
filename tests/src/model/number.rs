//! An atomic number that can be made in constants.

use std::ops::Deref;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::lazy::Lazy;
use super::pool;

/// As the standard library's `AtomicUsize`, for numbers that start with 0.
#[derive(Debug)]
pub struct Number(Lazy<AtomicUsize>);

impl Number {
    /// Makes one.
    ///
    /// # Panics
    ///
    /// If it is to start with another number than 0.
    pub const fn new(value: usize) -> Self {
        assert!(value == 0, "the atomics that are set aside start with 0");
        Self(Lazy::new(pool::atomic))
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::new(0)
    }
}

/// As the standard library's `AtomicBool`, for flags that start cleared.
#[derive(Debug, Default)]
pub struct Flag(Number);

impl Flag {
    /// Makes one.
    ///
    /// # Panics
    ///
    /// If it is to start set.
    pub const fn new(value: bool) -> Self {
        Self(Number::new(value as usize))
    }

    /// As the function of this name in the standard library.
    #[track_caller]
    pub fn load(&self, order: Ordering) -> bool {
        self.0.load(order) != 0
    }

    /// As the function of this name in the standard library.
    #[track_caller]
    pub fn store(&self, value: bool, order: Ordering) {
        self.0.store(value.into(), order);
    }

    /// As the function of this name in the standard library.
    ///
    /// # Errors
    ///
    /// The flag as it is, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: bool,
        new: bool,
        success: Ordering,
        failure: Ordering,
    ) -> Result<bool, bool> {
        self.0
            .compare_exchange(current.into(), new.into(), success, failure)
            .map(|was| was != 0)
            .map_err(|was| was != 0)
    }
}

impl Deref for Number {
    type Target = AtomicUsize;

    fn deref(&self) -> &AtomicUsize {
        &self.0
    }
}
