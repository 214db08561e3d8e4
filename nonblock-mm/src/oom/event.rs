//! What a reaper says while it works.

use core::time::Duration;
use std::sync::Arc;

use super::reaped::Reaped;
use crate::memory::{AccessError, Mm};
use crate::mmu::Range;

/// Something a [`Reaper`](super::Reaper) did, or was refused, for those who watch it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReapEvent {
    /// Whose memory it is about.
    pub victim: Arc<Mm>,
    /// In which try: 1 for the first, 0 for a victim that is called off before it.
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
    /// A driver's callback panicked. If it was to start, the range is left alone for now; if it was to end, what came of
    /// the range follows: its pages are gone by then.
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
    /// The reaper is done with the victim, one way or another.
    #[non_exhaustive]
    Done {
        /// What it came to.
        reaped: Reaped,
    },
}
