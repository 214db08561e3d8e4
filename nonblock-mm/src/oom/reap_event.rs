//! The events of a reaper's progress.

use core::time::Duration;
use std::sync::Arc;

use super::reaped::Reaped;
use crate::memory::{AccessError, Mm};
use crate::mmu::Range;

/// A step of a [`Reaper`](super::Reaper)'s progress, as the [watcher](super::Builder::on_event) is told of it.
///
/// # As an event of `tracing`
///
/// With the feature `tracing`, each of these is also an event of the crate `tracing`, whether or not there is a watcher. The
/// subscriber is called before the watcher. A victim that is given up is still reported on standard error if there is no
/// watcher. The event's target is `nonblock_mm::oom`. Its level depends on what happened:
///
/// | level | what |
/// |---|---|
/// | `WARN` | a victim is given up |
/// | `INFO` | the first try of a victim begins; a victim ends in another way |
/// | `DEBUG` | everything else |
///
/// The message of a [`Done`](ReapEventKind::Done) is the report, the `Display` form of [`Reaped`], which may have several
/// lines. The other messages are short constant texts. The fields are:
///
/// | field | type | of which kinds | what |
/// |---|---|---|---|
/// | `kind` | string | all | [`kind`](Self::kind), by its name |
/// | `victim` | string | all | the [`victim`](Self::victim)'s name |
/// | `attempt` | unsigned | all | [`attempt`](Self::attempt) |
/// | `resident` | unsigned, may be absent | `Began` | the resident bytes |
/// | `range` | displayed | `Refused`, `Panicked`, `Taken` | the range of the mapping |
/// | `error` | displayed | `Failed` | the error, with the range |
/// | `interval_ms` | unsigned | `Waits` | the interval in milliseconds |
/// | `outcome` | string | `Done` | [`Reaped::outcome`], by its name |
/// | `resident_before`, `resident_after` | unsigned, may be absent | `Done` | the fields of [`Reaped`], in bytes |
/// | `busy`, `refusals`, `panics`, `failures` | unsigned | `Done` | the fields of [`Reaped`] |
/// | `taken`, `skipped` | unsigned | `Done` | how many ranges were taken, and skipped |
/// | `elapsed_ms` | unsigned | `Done` | [`Reaped::elapsed`] in milliseconds |
///
/// The subscriber is called on the reaper's thread, outside a section. As with the watcher, the victim's memory lock may be
/// held, the reaper waits until the subscriber returns, and a panic does not end the reaper. A subscriber that is the default
/// of another thread only is not called.
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
