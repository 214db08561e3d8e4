//! What is the users', and is dropped with many others: a driver, a callback.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::panicking;

use super::panics::discard;

/// Something of a user's in a list. Its drop may panic, and so may those of others in the list: the first panic passes
/// through, and what follows it ends here, since two panics at once would abort the process.
#[derive(Clone)]
pub(crate) struct Kept<T>(ManuallyDrop<T>);

impl<T> Kept<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(ManuallyDrop::new(value))
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: it is dropped once, and nobody looks at it afterwards.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        if !panicking() {
            return drop(value);
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            discard(payload);
        }
    }
}
