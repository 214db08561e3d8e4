//! A cell that is set once, with the standard library's interface.

use loom::cell::UnsafeCell;
use loom::sync::atomic::Ordering;

use super::lazy::Lazy;
use super::number::Number;

/// As the standard library's, for a setter that is alone: the checker reports two, and a reader that does not see the
/// whole value.
#[derive(Debug)]
pub struct OnceLock<T> {
    is_set: Number,
    value: Lazy<UnsafeCell<Option<T>>>,
}

// SAFETY: the value is written before it shows as set, and read after. The checker looks at that.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

impl<T> OnceLock<T> {
    /// Makes one without a value.
    pub const fn new() -> Self {
        Self { is_set: Number::new(0), value: Lazy::new(|| UnsafeCell::new(None)) }
    }

    /// Returns the value if it is there.
    pub fn get(&self) -> Option<&T> {
        if self.is_set.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.value.with(|value| {
            // SAFETY: it is set, and written no more.
            unsafe { &*value }.as_ref()
        })
    }

    /// Returns the value if it is there, to be changed.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.with_mut(|value| {
            // SAFETY: the cell is borrowed exclusively.
            unsafe { &mut *value }.as_mut()
        })
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// The value given, if there is one.
    pub fn set(&self, value: T) -> Result<(), T> {
        if self.is_set.load(Ordering::Acquire) == 1 {
            return Err(value);
        }
        self.value.with_mut(|place| {
            // SAFETY: the checker looks that nobody else reads or writes it.
            unsafe { *place = Some(value) };
        });
        self.is_set.store(1, Ordering::Release);
        Ok(())
    }

    /// Takes the value out, if it is there.
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// Takes the value out, if it is there; it can be set again.
    pub fn take(&mut self) -> Option<T> {
        self.is_set.store(0, Ordering::Relaxed);
        self.value.with_mut(|value| {
            // SAFETY: the cell is borrowed exclusively.
            unsafe { &mut *value }.take()
        })
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        let once = Self::new();
        assert!(once.set(value).is_ok());
        once
    }
}
