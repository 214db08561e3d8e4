//! What happens, for the picture.

use std::time::Duration;

use nonblock::sync::SpinLock;
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::Range;

use crate::timeline::elapsed;

/// Something that happened. Drivers are meant by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A part begins.
    Act(u32),
    /// A part ends.
    End,
    /// The job has a driver's table.
    Holds(usize),
    /// The job lets go of it.
    LetsGo { driver: usize, with_memory: bool },
    /// The killer calls a driver that waits for its table.
    Waits(usize),
    /// That call returns.
    Returns(usize),
    /// The watcher has seen the deadlock.
    Deadlock,
    /// A driver was called in a section, about what it mirrors.
    Called { driver: usize, began: Duration, refused: bool },
    /// The reaper begins a try.
    Tries(u32),
    /// It ends it, and comes back after a time.
    Rests(Duration),
    /// It ends the last.
    Done,
    /// The pages of a range were taken.
    Taken(Range),
    /// So many bytes of the victim are resident.
    Resident(usize),
}

/// When it happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// Told by callbacks in sections too, so behind a lock that they may wait for.
static STORY: SpinLock<Vec<Entry>> = SpinLock::new(Vec::new());

/// How much can be told: some seconds of a look at what is resident every other millisecond, and all drivers.
const ROOM: usize = 1 << 15;

/// Makes room, so that nothing is allocated where the story is told.
pub(crate) fn begin(cx: &mut Sleepable) {
    let room = Vec::with_capacity(ROOM);
    STORY.with(cx, |story, _nb| *story = room);
}

/// Tells what happens now. What there is no room for is left out.
pub(crate) fn tell<C: Context>(what: What, cx: &mut C) {
    STORY.with(cx, |story, _nb| {
        if story.len() < story.capacity() {
            story.push(Entry { at: elapsed(), what });
        }
    });
}

/// Returns all that was told.
pub(crate) fn take(cx: &mut Sleepable) -> Vec<Entry> {
    STORY.with(cx, |story, _nb| std::mem::take(story))
}
