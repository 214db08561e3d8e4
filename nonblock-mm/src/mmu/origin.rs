//! The call that made an invalidation, which its later sections are said to begin at.

use nonblock::{CHECKS, NonBlock, Place, raw};

/// Where an invalidation was made, kept for reports. It is empty where checks are off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    place: [Place; CHECKS as usize],
}

impl Origin {
    /// The call of the calling function.
    #[inline]
    #[track_caller]
    pub(super) const fn caller() -> Self {
        Self { place: [Place::caller(); CHECKS as usize] }
    }

    /// Runs the closure in a section that begins at the origin.
    #[inline]
    pub(super) fn non_block<R>(self, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        raw::non_block_at(self.place.first().copied().unwrap_or(Place::caller()), f)
    }
}
