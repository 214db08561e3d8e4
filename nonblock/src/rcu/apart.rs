//! What lies apart from its neighbors in memory.

use core::ops::Deref;

/// A value that shares its cache lines with no other, so that a change of those does not take it from its readers.
///
/// Apart by two lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Apart<T>(T);

impl<T> Apart<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
