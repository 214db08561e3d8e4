//! Objects of the checker's in what is made in constants.

use std::ops::Deref;
use std::sync::OnceLock;

/// An object that is made when it is first used: those of the checker's cannot be made in constants.
///
/// The checker runs its threads one at a time and changes between them at operations on its own objects only, so making
/// one is never interrupted.
#[derive(Debug)]
pub struct Lazy<T> {
    object: OnceLock<T>,
    make: fn() -> T,
}

impl<T> Lazy<T> {
    /// Says how the object is to be made.
    pub const fn new(make: fn() -> T) -> Self {
        Self { object: OnceLock::new(), make }
    }
}

impl<T> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object.get_or_init(self.make)
    }
}
