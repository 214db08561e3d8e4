//! The place in the caller's code where an invalidation began. The sections of its end callbacks are reported as beginning there.

use nonblock::{CHECKS, NonBlock, Place, raw};

/// The place in the caller's code where an invalidation began. It is empty if checks are off, since there are no reports then.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallerPlace {
    place: [Place; CHECKS as usize],
}

impl CallerPlace {
    /// Returns the place from which the function that calls this was called.
    #[inline]
    #[track_caller]
    pub(super) const fn caller() -> Self {
        Self { place: [Place::caller(); CHECKS as usize] }
    }

    /// Runs the closure in a section. Reports say that the section began at this place.
    #[inline]
    pub(super) fn non_block<R>(self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        raw::non_block_at(self.place.first().copied().unwrap_or(Place::caller()), f)
    }
}
