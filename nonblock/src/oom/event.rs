//! What a reaper says while it works, and when it is done.

use core::time::Duration;
use std::sync::Arc;
use std::vec::Vec;

use crate::memory::{AccessError, Mm};
use crate::mmu::Range;

/// Something a [`Reaper`](super::Reaper) did, or was refused, for those who watch it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReapEvent {
    /// Whose memory it is about.
    pub victim: Arc<Mm>,
    /// In which try: 1 for the first.
    pub attempt: u32,
    /// What it was.
    pub kind: ReapEventKind,
}

/// What happened. See [`ReapEvent`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReapEventKind {
    /// A try begins.
    #[non_exhaustive]
    Began {
        /// How many bytes are resident, if the kernel says so.
        resident: Option<usize>,
    },
    /// Somebody holds the victim's memory lock: this try comes to nothing.
    Busy,
    /// A driver refused the range: it is left alone for now.
    #[non_exhaustive]
    Refused {
        /// The range of the mapping.
        range: Range,
    },
    /// A driver's callback panicked: the range is left alone for now.
    #[non_exhaustive]
    Panicked {
        /// The range of the mapping.
        range: Range,
    },
    /// The kernel would not take the range's pages, though the drivers would.
    #[non_exhaustive]
    Failed {
        /// Why not.
        error: AccessError,
    },
    /// The range's pages went back to the kernel.
    #[non_exhaustive]
    Taken {
        /// The range of the mapping.
        range: Range,
    },
    /// Something is left for another try.
    #[non_exhaustive]
    Waits {
        /// How long the reaper waits at least before that.
        interval: Duration,
    },
    /// The reaper is done with the victim.
    #[non_exhaustive]
    Done {
        /// What it came to.
        reaped: Reaped,
    },
}

/// What came of reaping a victim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reaped {
    /// How many bytes were resident before the first try, if the kernel says so.
    pub resident_before: Option<usize>,
    /// How many bytes were resident after the last try, if the kernel says so.
    pub resident_after: Option<usize>,
    /// How many tries it took.
    pub attempts: u32,
    /// In how many of them the memory lock was held by somebody else.
    pub busy: u32,
    /// How often a driver refused a range.
    pub refusals: u32,
    /// How often a driver's callback panicked.
    pub panics: u32,
    /// How often the kernel would not take a range's pages.
    pub failures: u32,
    /// The ranges whose pages were taken, in the order of taking.
    pub taken: Vec<Range>,
    /// The ranges that were mapped at the end and had not been taken.
    pub skipped: Vec<Range>,
    pub(super) complete: bool,
}

impl Reaped {
    /// Says whether everything was taken. If not, the reaper has given the victim up.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns by how many bytes less is resident than before, if the kernel says so.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn reclaimed(&self) -> Option<usize> {
        Some(self.resident_before?.saturating_sub(self.resident_after?))
    }
}
