//! The events of a reaper's progress.

use core::time::Duration;
use std::sync::Arc;

use super::reaped::Reaped;
use crate::memory::{AccessError, Mm};
use crate::mmu::Range;

/// A step of a [`Reaper`](super::Reaper)'s progress, as the [watcher](super::Builder::on_event) is told of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReapEvent {
    /// The memory that is being reaped.
    pub victim: Arc<Mm>,
    /// The number of the try: 1 for the first, 0 for a victim that is cancelled before it.
    pub attempt: u32,
    /// What happened.
    pub kind: ReapEventKind,
}

/// What happened in a [`ReapEvent`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReapEventKind {
    /// A try begins.
    #[non_exhaustive]
    Began {
        /// How many bytes are resident, if the kernel tells it.
        resident: Option<usize>,
    },
    /// Another thread holds the victim's memory lock: this try takes nothing.
    Busy,
    /// A driver refused the range: it is left alone for now.
    #[non_exhaustive]
    Refused {
        /// The range of the mapping.
        range: Range,
    },
    /// A driver's callback panicked. If it was a start callback, the range is left alone for now. If it was an end callback,
    /// the attempt to take the pages was made before, and its result follows as the next event.
    #[non_exhaustive]
    Panicked {
        /// The range of the mapping.
        range: Range,
    },
    /// The kernel refused to take the range's pages, after the drivers had agreed.
    #[non_exhaustive]
    Failed {
        /// Why it refused.
        error: AccessError,
    },
    /// The range's pages were given back to the kernel.
    #[non_exhaustive]
    Taken {
        /// The range of the mapping.
        range: Range,
    },
    /// Something is left for another try.
    #[non_exhaustive]
    Waits {
        /// How long the reaper waits at least before the next try.
        interval: Duration,
    },
    /// The reaper has finished with the victim: it was taken, given up, or cancelled.
    #[non_exhaustive]
    Done {
        /// The result.
        reaped: Reaped,
    },
}
