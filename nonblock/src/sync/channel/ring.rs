//! Room for a number of values, which is there from the beginning.

use core::hint::black_box;
use std::boxed::Box;

/// Values in order, in slots that were written when they were made: so no page of them is missing when the first value is put
/// in, with the channel locked.
pub(super) struct Ring<T> {
    slots: Box<[Option<T>]>,
    /// Where the first value is, if there is one.
    first: usize,
    len: usize,
}

impl<T> Ring<T> {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        // Opaque, or zeros would be had from the system as pages that are not there yet.
        let slots = (0..capacity).map(|_| black_box(None)).collect();
        Self { slots, first: 0, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts a value last, or gives it back if there is no room.
    pub(super) fn put(&mut self, value: T) -> Result<(), T> {
        let capacity = self.slots.len();
        if self.len == capacity {
            return Err(value);
        }
        let after_the_first = capacity - self.first;
        let slot = if self.len < after_the_first {
            self.first + self.len
        } else {
            self.len - after_the_first
        };
        self.slots[slot] = Some(value);
        self.len += 1;
        Ok(())
    }

    /// Takes the first out.
    pub(super) fn take(&mut self) -> Option<T> {
        // The slot of the first value is empty if there is none.
        let value = self.slots.get_mut(self.first)?.take()?;
        self.first += 1;
        if self.first == self.slots.len() {
            self.first = 0;
        }
        self.len -= 1;
        Some(value)
    }
}
