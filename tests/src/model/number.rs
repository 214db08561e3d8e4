//! An atomic number that can be made in constants.

use std::ops::Deref;

use loom::sync::atomic::AtomicUsize;

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

impl Deref for Number {
    type Target = AtomicUsize;

    fn deref(&self) -> &AtomicUsize {
        &self.0
    }
}
