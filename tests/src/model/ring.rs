//! The ring of queues and reserves, over the checker's atomics.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard};

use loom::sync::atomic::{AtomicUsize, Ordering};

/// An atomic number, with a method of the standard library's that the checker's has not.
#[derive(Debug)]
pub struct Count(AtomicUsize);

impl Count {
    /// Makes one.
    pub fn new(value: usize) -> Self {
        Self(AtomicUsize::new(value))
    }

    /// Changes the number, unless the closure returns `None`.
    ///
    /// # Errors
    ///
    /// The number, if it was not changed.
    pub fn try_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        change: impl FnMut(usize) -> Option<usize>,
    ) -> Result<usize, usize> {
        self.0.fetch_update(set, fetch, change)
    }
}

impl Deref for Count {
    type Target = AtomicUsize;

    fn deref(&self) -> &AtomicUsize {
        &self.0
    }
}

/// As the one of `crossbeam-queue`, whose atomics the checker does not see, and whose waits for a slot would not end
/// under it: each operation is one step.
///
/// Where the ring looks empty, to look orders nothing, as little as with the real one.
#[derive(Debug)]
pub struct ArrayQueue<T> {
    /// How many values there are.
    held: AtomicUsize,
    /// A lock that the checker does not see: it is held between two of its operations only.
    values: Mutex<VecDeque<T>>,
    capacity: usize,
}

impl<T> ArrayQueue<T> {
    /// Makes an empty one.
    pub fn new(capacity: usize) -> Self {
        Self { held: AtomicUsize::new(0), values: Mutex::default(), capacity }
    }

    /// Puts a value last.
    ///
    /// # Errors
    ///
    /// The value, if there is no room.
    pub fn push(&self, value: T) -> Result<(), T> {
        let mut held = self.held.load(Ordering::Relaxed);
        while held < self.capacity {
            match self.held.compare_exchange(held, held + 1, Ordering::AcqRel, Ordering::Relaxed) {
                // The checker changes threads before a step. This is part of the one before.
                Ok(_) => {
                    self.values().push_back(value);
                    return Ok(());
                }
                Err(now) => held = now,
            }
        }
        Err(value)
    }

    /// Puts a value last, nobody else having the ring.
    ///
    /// # Errors
    ///
    /// The value, if there is no room.
    pub fn push_mut(&mut self, value: T) -> Result<(), T> {
        self.push(value)
    }

    /// Takes the first value out.
    pub fn pop(&self) -> Option<T> {
        let mut held = self.held.load(Ordering::Relaxed);
        while held > 0 {
            match self.held.compare_exchange(held, held - 1, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return self.values().pop_front(),
                Err(now) => held = now,
            }
        }
        None
    }

    fn values(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.values.lock().unwrap()
    }

    /// Returns how many values there are, more or less.
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Says whether there is no value, more or less.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many values there can be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
