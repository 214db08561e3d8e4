//! A value that begins a cache line and shares none.

use std::ops::{Deref, DerefMut};

/// A value that begins a cache line and shares none with another, as `crossbeam_utils::CachePadded`. Processors fetch lines of 64
/// bytes in pairs.
///
/// What is measured lies thus in the same place in each rival and each run, and what two threads have to themselves lies apart.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Padded<T>(T);

impl<T> Padded<T> {
    /// Pads a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

// A closure that reaches the value through these holds the whole. One that named the field would hold the bare value.
impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Padded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
