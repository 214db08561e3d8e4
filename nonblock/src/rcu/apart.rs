//! What lies apart from its neighbors in memory.

use core::ops::Deref;

/// A value that shares its cache lines with no other, so that a change of those does not take it from its readers.
///
/// Apart by two lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Apart<T>(T);

/// A value in an `Arc` whose counts lie in another cache line: who counts an owner does not take the value from its readers.
///
/// A copy of a list counts all that is in the list.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Uncounted<T>(T);

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

impl<T> Uncounted<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Uncounted<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
