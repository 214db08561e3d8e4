//! The device as a notifier: of the mirrored range, and of the whole process.

use nonblock::{Context, Sleepable};
use nonblock_linux::mmu::{Invalidate, InvalidateInterval, Range};
use nonblock_linux::sync::Arc;

use crate::device::{Counts, Device};
use crate::uapi::counter;

/// Told of invalidations that meet the mirrored range.
pub(crate) struct OfInterval(pub(crate) Arc<Device>);

/// Told of all invalidations of the process, and of its end.
pub(crate) struct OfProcess(pub(crate) Arc<Device>);

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
        self.0.invalidate(&COUNTS, range, cx)
    }

    fn on_release(&self, cx: &mut Sleepable) {
        self.0.process_is_gone(cx);
    }
}
