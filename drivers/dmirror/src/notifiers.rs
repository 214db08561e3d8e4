//! The device as a notifier: of the mirrored range, and of the whole process.

use nonblock::{Context, Sleepable};
use nonblock_linux::mmu::{Invalidate, InvalidateInterval, Range};
use nonblock_linux::sync::Arc;

use crate::device::{Counts, Device};
use crate::uapi::counter;

/// Told of invalidations that meet the mirrored range.
pub(crate) struct OfInterval(pub(crate) Arc<Device>);

/// Told of all invalidations of the process, and of its end.
pub(crate) struct OfProcess {
    pub(crate) device: Arc<Device>,
    /// Whether a section is refused while the table is held.
    pub(crate) refuses: bool,
}

impl InvalidateInterval for OfInterval {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        const COUNTS: Counts = Counts {
            calls: counter::INTERVAL_CALLS,
            section_calls: counter::INTERVAL_SECTION_CALLS,
            depth: counter::DEPTH_IN_INTERVAL_SECTION,
        };
        self.0.invalidate(&COUNTS, range, cx)
    }
}

impl Invalidate for OfProcess {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        const COUNTS: Counts = Counts {
            calls: counter::LIST_CALLS,
            section_calls: counter::LIST_SECTION_CALLS,
            depth: counter::DEPTH_IN_LIST_SECTION,
        };
        if self.refuses {
            return self.device.invalidate(&COUNTS, range, cx);
        }
        // What is mirrored was told of before, as an interval.
        self.device.note(&COUNTS, cx);
        Ok(())
    }

    fn on_release(&self, cx: &mut Sleepable) {
        self.device.process_is_gone(cx);
    }
}
