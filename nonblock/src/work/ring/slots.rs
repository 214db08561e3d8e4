//! The memory of a ring: slots in a row. The model checker has slots of its own in place of this file.

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// So many slots, each for one item. Which of them hold one, the ends of the ring know.
pub(super) struct Slots<T> {
    /// As a vector it is empty: it only owns the memory.
    memory: Vec<UnsafeCell<MaybeUninit<T>>>,
    capacity: usize,
}

impl<T> Slots<T> {
    /// Allocates slots.
    pub(super) fn new(capacity: usize) -> Self {
        Self { memory: Vec::with_capacity(capacity), capacity }
    }

    /// Returns how many slots there are.
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns where so many slots lie, for whoever reads and writes them now.
    ///
    /// There are `len` slots from `index` on.
    #[inline]
    pub(super) fn at(&self, index: usize, len: usize) -> *mut T {
        debug_assert!(index <= self.capacity && len <= self.capacity - index);
        UnsafeCell::raw_get(self.memory.as_ptr().wrapping_add(index)).cast()
    }
}
