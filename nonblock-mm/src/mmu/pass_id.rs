//! Whose operation it is that a driver of two passes has under way.

#[cfg(feature = "std")]
use core::ptr;

/// Tells the operations of one invalidation from those of all others that are under way: an address in its thread's stack.
///
/// It is `pub` for the hidden methods of [`IntervalNotifier`](super::IntervalNotifier). Nobody outside the crate can name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassId(usize);

#[cfg(feature = "std")]
impl PassId {
    /// Names an invalidation by a variable of the function that makes the passes. It must live as long as they do.
    pub(super) fn of<T>(variable: &T) -> Self {
        Self(ptr::from_ref(variable).addr())
    }
}
