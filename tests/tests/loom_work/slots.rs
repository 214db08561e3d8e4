//! The slots of a ring, for which the checker looks that one end at a time touches each.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

/// As the library's. Whoever asks where slots lie counts as writing to them then: the ends ask when the slots are theirs.
pub struct Slots<T> {
    memory: Box<[UnsafeCell<MaybeUninit<T>>]>,
    touched: Vec<loom::cell::UnsafeCell<()>>,
}

impl<T> Slots<T> {
    pub fn new(capacity: usize) -> Self {
        let memory = (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect();
        let touched = (0..capacity).map(|_| loom::cell::UnsafeCell::new(())).collect();
        Self { memory, touched }
    }

    pub fn capacity(&self) -> usize {
        self.memory.len()
    }

    pub fn at(&self, index: usize, len: usize) -> *mut T {
        for slot in &self.touched[index..index + len] {
            slot.with_mut(|_| ());
        }
        UnsafeCell::raw_get(self.memory.as_ptr().wrapping_add(index)).cast()
    }
}
