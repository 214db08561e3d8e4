//! What a queue and its workers share: the ring, the counts of items, and the threads that wait.
//!
//! # What is counted
//!
//! How many items were pushed, and how many were taken out, the positions of the ring tell, so pushing and popping count nothing
//! besides. Refusals are counted where a push fails, and panics where a handler does.
//!
//! # Who wakes whom
//!
//! There are three event counts, each for waiters of one kind, who all look for the same. After a change, whoever made it
//! notifies the event counts whose waiters look at what was changed:
//!
//! | change | looked at by | woken |
//! |---|---|---|
//! | an item was put into the ring | those who pop | one |
//! | an item was taken out, by whomever | those who wait for room; the thread that flushes | one; it |
//! | a worker has handled an item, or found none | the thread that flushes | it |
//! | the queue was closed | those who pop; those who wait for room | all |
//!
//! Once a queue is closed, whoever leaves a line wakes the next in line, so nobody sleeps on when the last item is gone.

#[cfg(feature = "std")]
use alloc::sync::Arc;
#[cfg(feature = "std")]
use alloc::vec::Vec;

use super::full::Full;
use super::stats::QueueStats;
#[cfg(feature = "std")]
use super::worker_seq::BusyCount;
use crate::event_count::EventCount;
#[cfg(feature = "std")]
use crate::event_count::Look;
use crate::lockdep::{Class, Kind};
#[cfg(feature = "std")]
use crate::mpmc_ring::Empty;
use crate::mpmc_ring::{MpmcRing, NoRoom};
use crate::primitive::{AtomicUsize, Ordering};

/// A queue, as its handle and its workers share it.
pub(super) struct Shared<T> {
    ring: MpmcRing<T>,
    fill: FillLevel,
    refused: AtomicUsize,
    /// How many items the workers are handling.
    handling: AtomicUsize,
    panicked: AtomicUsize,
    /// Threads that wait for an item, or for the end of the queue.
    items: EventCount,
    /// Threads that wait for room.
    room: EventCount,
    /// The one thread that flushes.
    progress: EventCount,
    /// What those who pop wait for.
    pub(super) item_class: Class,
    /// What those who wait for room wait for, or for the end of what was pushed.
    pub(super) work_class: Class,
}

impl<T> Shared<T> {
    #[track_caller]
    pub(super) fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue of capacity 0 takes nothing: expected at least 1");
        Self {
            ring: MpmcRing::with_capacity(capacity),
            fill: FillLevel::new(),
            refused: AtomicUsize::new(0),
            handling: AtomicUsize::new(0),
            panicked: AtomicUsize::new(0),
            items: EventCount::new(),
            room: EventCount::new(),
            progress: EventCount::new(),
            item_class: Class::of(Kind::QueueItem),
            work_class: Class::of(Kind::Queue),
        }
    }

    /// Puts an item in. If the queue takes no more, counts a refusal.
    #[inline]
    pub(super) fn push(&self, item: T) -> Result<(), Full<T>> {
        self.try_push(item).map_err(|(item, _)| self.refuse(item))
    }

    #[inline]
    fn try_push(&self, item: T) -> Result<(), (T, NoRoom)> {
        let position = self.ring.push(item)?;
        self.fill.raise(&self.ring, position);
        self.items.notify_one_after_rmw();
        Ok(())
    }

    #[cold]
    fn refuse(&self, item: T) -> Full<T> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Full(item)
    }

    /// Takes the first item out, if there is one. It counts as handled from now on.
    #[inline]
    pub(super) fn try_pop(&self) -> Option<T> {
        let item = self.ring.pop().ok()?;
        self.was_popped();
        Some(item)
    }

    /// Wakes those who look at what was taken out. The ring's head was moved on by a `SeqCst` read-modify-write.
    #[inline]
    fn was_popped(&self) {
        self.room.notify_one_after_rmw();
        self.progress.notify_one_after_rmw();
    }

    /// Refuses every push from now on.
    pub(super) fn close(&self) {
        self.ring.close();
        self.items.notify_all();
        self.room.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Returns how many items are in the ring, or are just being put there.
    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    pub(super) fn stats(&self) -> QueueStats {
        // In this order: an item is taken out before it is handled, and pushed before it is taken out.
        let handling = self.handling.load(Ordering::Acquire);
        let popped = self.ring.popped();
        QueueStats {
            capacity: self.capacity(),
            pushed: self.ring.pushed(),
            handling,
            handled: popped.saturating_sub(handling),
            panicked: self.panicked.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            highest: self.fill.highest(),
        }
    }
}

#[cfg(feature = "std")]
impl<T> Shared<T> {
    /// Waits for an item, and takes it out as handled. `None` if the queue is closed, and no item comes any more.
    pub(super) fn wait_and_pop(&self) -> Option<T> {
        self.wait_until_popped(|| {
            let item = self.ring.pop()?;
            self.was_popped();
            Ok(item)
        })
    }

    /// Waits for an item that a worker is to handle. `None` if the queue is closed, and no item comes any more.
    ///
    /// After it has handled the item, the worker calls [`finish_item`](Self::finish_item).
    pub(super) fn next_item(&self, seq: &BusyCount) -> Option<T> {
        self.wait_until_popped(|| {
            if let Some(empty) = self.ring.emptiness() {
                return Err(empty);
            }
            seq.begin();
            // Counted before the item is taken out, so that no item shows as handled before it is.
            self.handling.fetch_add(1, Ordering::Relaxed);
            match self.ring.pop() {
                Ok(item) => {
                    self.was_popped();
                    Ok(item)
                }
                Err(empty) => {
                    self.end_item(seq);
                    Err(empty)
                }
            }
        })
    }

    /// Waits until `pop` returns an item, or until no item comes any more.
    fn wait_until_popped(&self, pop: impl Fn() -> Result<T, Empty>) -> Option<T> {
        self.items.wait(
            || !self.ring.is_empty() || self.is_closed(),
            || match pop() {
                Ok(item) => Look::Found(Some(item)),
                Err(Empty::Closed) => Look::Found(None),
                Err(Empty::Soon) => Look::Soon,
                Err(Empty::Now) => Look::Nothing,
            },
        )
    }

    /// Counts an item that a worker has handled.
    pub(super) fn finish_item(&self, seq: &BusyCount, panicked: bool) {
        if panicked {
            self.panicked.fetch_add(1, Ordering::Relaxed);
        }
        self.end_item(seq);
    }

    fn end_item(&self, seq: &BusyCount) {
        seq.end();
        self.handling.fetch_sub(1, Ordering::SeqCst);
        self.progress.notify_one_after_rmw();
    }

    /// Waits until every item that was pushed before is handled. Only one thread may call it at a time.
    ///
    /// # Arguments
    ///
    /// * `busy_counts`: returns the sequence counts of all workers. It is called after the items have left the ring.
    pub(super) fn flush(&self, busy_counts: impl FnOnce() -> Vec<Arc<BusyCount>>) {
        // Every item that was put into the ring before is before its end. Later ones may be too.
        let end = self.ring.end();
        // Items leave the ring in order.
        self.progress.wait_while_not(|| self.ring.is_popped_up_to(end));
        // Busy workers have those of them that are not handled yet.
        let mut busy: Vec<_> = busy_counts()
            .into_iter()
            .filter_map(|seq| seq.busy().map(|count| (seq, count)))
            .collect();
        self.progress.wait_while_not(|| {
            busy.retain(|(seq, count)| seq.busy() == Some(*count));
            busy.is_empty()
        });
    }

    /// Waits for room, and puts an item in. Returns the item if the queue is closed.
    pub(super) fn wait_and_push(&self, item: T) -> Result<(), Full<T>> {
        let mut unpushed = Some(item);
        let is_ready = || self.is_closed() || !self.ring.is_full();
        let pushed = self.room.wait(is_ready, || {
            let Some(item) = unpushed.take() else { return Look::Nothing };
            match self.try_push(item) {
                Ok(()) => Look::Found(Ok(())),
                Err((item, NoRoom::Closed)) => Look::Found(Err(item)),
                Err((item, reason)) => {
                    unpushed = Some(item);
                    if reason == NoRoom::Soon { Look::Soon } else { Look::Nothing }
                }
            }
        });
        pushed.map_err(|item| self.refuse(item))
    }
}

/// The highest number of items that a ring has held.
///
/// A push looks at the ring's head, which consumers change all the time, only where the ring could be fuller than ever before.
/// While `highest` is the highest number, this cannot be before the tail is so many positions ahead of a head that was seen.
struct FillLevel {
    highest: AtomicUsize,
    /// The position from which on a push has to look.
    looks_at: AtomicUsize,
}

impl FillLevel {
    fn new() -> Self {
        Self { highest: AtomicUsize::new(0), looks_at: AtomicUsize::new(0) }
    }

    fn highest(&self) -> usize {
        self.highest.load(Ordering::Relaxed)
    }

    /// Notes how full the ring is after a push to this position.
    #[inline]
    fn raise<T>(&self, ring: &MpmcRing<T>, position: usize) {
        // Positions may wrap around.
        if position.wrapping_sub(self.looks_at.load(Ordering::Relaxed)).cast_signed() >= 0 {
            self.look(ring, position);
        }
    }

    fn look<T>(&self, ring: &MpmcRing<T>, position: usize) {
        let (filled, head) = ring.held_up_to(position);
        let mut highest = self.highest();
        if filled > highest {
            highest = self.highest.fetch_max(filled, Ordering::Relaxed).max(filled);
        }
        self.looks_at.store(ring.position_after(head, highest), Ordering::Relaxed);
    }
}
