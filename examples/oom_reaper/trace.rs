//! A trace of what happens, from which the picture is drawn.

use std::time::Duration;

use nonblock::sync::SpinLock;
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::Range;

use crate::timeline::elapsed;

/// Something that happened. A driver is given by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceEvent {
    /// A part of the program begins.
    PartBegins(u32),
    /// A part of the program ends.
    PartEnds,
    /// The job has taken a driver's table.
    Holds(usize),
    /// The job releases the table.
    LetsGo { driver: usize, with_memory: bool },
    /// The killer calls a driver that waits for its table.
    Waits(usize),
    /// The call of the killer returns.
    Returns(usize),
    /// The watcher has seen the deadlock.
    Deadlock,
    /// A driver was called in a section, for a range that it mirrors.
    Called { driver: usize, began: Duration, refused: bool },
    /// The reaper begins a try.
    Tries(u32),
    /// The reaper ends a try, and comes back after this time.
    Rests(Duration),
    /// The reaper ends its last try.
    Done,
    /// The pages of a range were taken.
    Taken(Range),
    /// How many bytes of the victim are resident.
    Resident(usize),
}

/// An event and its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceEntry {
    pub(crate) at: Duration,
    pub(crate) event: TraceEvent,
}

/// Behind a spin lock, since callbacks in sections record events too.
static TRACE: SpinLock<Vec<TraceEntry>> = SpinLock::new(Vec::new());

/// How many events fit: some seconds of a look at the resident memory every 2 ms, and all drivers.
const CAPACITY: usize = 1 << 15;

/// Allocates the trace, so that recording allocates nothing.
pub(crate) fn start(cx: &mut Sleepable) {
    let empty = Vec::with_capacity(CAPACITY);
    TRACE.with(cx, |trace, _nb| *trace = empty);
}

/// Records an event. If the trace is full, the event is left out.
pub(crate) fn record<C: Context>(event: TraceEvent, cx: &mut C) {
    TRACE.with(cx, |trace, _nb| {
        if trace.len() < trace.capacity() {
            trace.push(TraceEntry { at: elapsed(), event });
        }
    });
}

/// Returns all recorded events.
pub(crate) fn take(cx: &mut Sleepable) -> Vec<TraceEntry> {
    TRACE.with(cx, |trace, _nb| std::mem::take(trace))
}
