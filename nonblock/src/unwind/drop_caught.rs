//! A wrapper for a value whose drop may panic, for dropping several such values together.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::panicking;

use super::first_panic::discard;

/// A value whose drop may panic, and that is dropped together with others like it.
///
/// If it is dropped while the thread is unwinding, it lets no panic of its own pass: two panics at once would abort the
/// program. So if a list of these is dropped, the first panic passes, and every further one is stopped.
///
/// # Context
///
/// Everything on it may be called where the methods of the value may be called.
///
/// # Examples
///
/// ```
/// use nonblock::unwind::DropCaught;
///
/// struct Rude(&'static str);
///
/// impl Drop for Rude {
///     fn drop(&mut self) {
///         panic!("{}", self.0);
///     }
/// }
///
/// let list = vec![DropCaught::new(Rude("first")), DropCaught::new(Rude("second"))];
/// let payload = std::panic::catch_unwind(move || drop(list)).unwrap_err();
/// assert_eq!(*payload.downcast::<String>().unwrap(), "first");
/// ```
#[derive(Clone)]
pub struct DropCaught<T>(ManuallyDrop<T>);

impl<T> DropCaught<T> {
    /// Wraps a value.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn new(value: T) -> Self {
        Self(ManuallyDrop::new(value))
    }
}

impl<T> Deref for DropCaught<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for DropCaught<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> Drop for DropCaught<T> {
    fn drop(&mut self) {
        // SAFETY: this runs once, and nobody looks at the value afterwards.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        if !panicking() {
            return drop(value);
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            discard(payload);
        }
    }
}
