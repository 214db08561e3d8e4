//! Where an invalidation was called for. Reports name this place for the sections of its end callbacks.

use nonblock::{CHECKS, NonBlock, Place, raw};

/// Where an invalidation was called for, kept for reports. It is empty if checks are off.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallerPlace {
    place: [Place; CHECKS as usize],
}

impl CallerPlace {
    /// Returns where the calling function was called.
    #[inline]
    #[track_caller]
    pub(super) const fn caller() -> Self {
        Self { place: [Place::caller(); CHECKS as usize] }
    }

    /// Runs the closure in a section that reports as beginning at this place.
    #[inline]
    pub(super) fn non_block<R>(self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        raw::non_block_at(self.place.first().copied().unwrap_or(Place::caller()), f)
    }
}
