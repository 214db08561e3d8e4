//! What a queue and its workers share: the ring, the counts of items, and the threads that wait.
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
//! | the queue was closed | those who pop, if it is empty; those who wait for room | all |
//! | the last item of a closed queue was taken out | those who pop | all |

#[cfg(feature = "std")]
use alloc::sync::Arc;
#[cfg(feature = "std")]
use alloc::vec::Vec;

use super::full::Full;
use super::stats::QueueStats;
#[cfg(feature = "std")]
use super::worker_seq::BusyCount;
use crate::event_count::EventCount;
use crate::primitive::{ArrayQueue, AtomicUsize, Ordering, fence};

/// In the count of items: the queue is closed.
const CLOSED: usize = 1;

/// In the count of items: one item.
const ITEM: usize = 2;

/// A queue, as its handle and its workers share it.
pub(super) struct Shared<T> {
    ring: ArrayQueue<T>,
    producers: ProducerState,
    consumers: ConsumerState,
    /// Threads that wait for an item, or for the end of the queue.
    items: EventCount,
    /// Threads that wait for room.
    room: EventCount,
    /// The one thread that flushes.
    progress: EventCount,
}

/// What a push changes. The consumers change nothing in its cache lines but the count of items. The alignment is that of two
/// cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct ProducerState {
    /// How many items are counted in and not out yet, and whether the queue is closed, in one word. So every push is either
    /// counted in before the queue is closed, and its item is waited for, or it is refused.
    ///
    /// An item is counted in before it is put into the ring, and counted out after it was taken from the ring. So an item that
    /// was counted in finds room in the ring.
    items: AtomicUsize,
    pushed: AtomicUsize,
    refused: AtomicUsize,
    highest: AtomicUsize,
}

/// What changes when items are taken out and handled.
#[repr(align(128))]
struct ConsumerState {
    /// How many items are being handled.
    handling: AtomicUsize,
    handled: AtomicUsize,
    panicked: AtomicUsize,
}

impl<T> Shared<T> {
    #[track_caller]
    pub(super) fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue of capacity 0 takes nothing: expected at least 1");
        Self {
            ring: ArrayQueue::new(capacity),
            producers: ProducerState {
                items: AtomicUsize::new(0),
                pushed: AtomicUsize::new(0),
                refused: AtomicUsize::new(0),
                highest: AtomicUsize::new(0),
            },
            consumers: ConsumerState {
                handling: AtomicUsize::new(0),
                handled: AtomicUsize::new(0),
                panicked: AtomicUsize::new(0),
            },
            items: EventCount::new(),
            room: EventCount::new(),
            progress: EventCount::new(),
        }
    }

    /// Puts an item in. If the queue takes no more, counts a refusal.
    pub(super) fn push(&self, item: T) -> Result<(), Full<T>> {
        self.try_push(item).inspect_err(|_| {
            self.producers.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn try_push(&self, item: T) -> Result<(), Full<T>> {
        let Some(held) = self.count_in() else { return Err(Full(item)) };
        self.producers.pushed.fetch_add(1, Ordering::Relaxed);
        // It only rises, and seldom does.
        if held > self.producers.highest.load(Ordering::Relaxed) {
            self.producers.highest.fetch_max(held, Ordering::Relaxed);
        }
        let put = self.ring.push(item);
        assert!(put.is_ok(), "an admitted item finds room in the ring");
        self.items.notify_one();
        Ok(())
    }

    /// Counts an item in, and returns the new count. `None` if the queue takes no more.
    fn count_in(&self) -> Option<usize> {
        let full = self.capacity() * ITEM;
        let mut items = self.producers.items.load(Ordering::Relaxed);
        loop {
            if items & CLOSED != 0 || items >= full {
                return None;
            }
            // Acquires what the threads did that made room.
            match self.producers.items.compare_exchange_weak(
                items,
                items + ITEM,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(items / ITEM + 1),
                Err(now) => items = now,
            }
        }
    }

    /// Takes the first item out, if there is one. It counts as handled from now on.
    pub(super) fn try_pop(&self) -> Option<T> {
        let item = self.ring.pop()?;
        // Counted before the threads are woken that wait for this.
        self.consumers.handled.fetch_add(1, Ordering::Release);
        self.count_out();
        Some(item)
    }

    /// Counts an item out, and wakes those who look at that.
    fn count_out(&self) {
        let before = self.producers.items.fetch_sub(ITEM, Ordering::AcqRel);
        fence(Ordering::SeqCst);
        if before == ITEM | CLOSED {
            // It was the last: the queue is closed, so no item comes any more.
            self.items.notify_all();
        }
        self.room.notify_one_fenced();
        self.progress.notify_one_fenced();
    }

    /// Refuses every push from now on.
    pub(super) fn close(&self) {
        self.producers.items.fetch_or(CLOSED, Ordering::AcqRel);
        self.items.notify_all();
        self.room.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.producers.items.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Returns how many items are counted in and not out yet.
    pub(super) fn len(&self) -> usize {
        self.producers.items.load(Ordering::Acquire) / ITEM
    }

    pub(super) fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    pub(super) fn stats(&self) -> QueueStats {
        // Loaded first: an item is pushed before it is handled.
        let handled = self.consumers.handled.load(Ordering::Acquire);
        QueueStats {
            capacity: self.capacity(),
            pushed: self.producers.pushed.load(Ordering::Relaxed),
            handling: self.consumers.handling.load(Ordering::Relaxed),
            handled,
            panicked: self.consumers.panicked.load(Ordering::Relaxed),
            refused: self.producers.refused.load(Ordering::Relaxed),
            highest: self.producers.highest.load(Ordering::Relaxed),
        }
    }
}

#[cfg(feature = "std")]
impl<T> Shared<T> {
    /// Waits for an item, and takes it out as handled. `None` if the queue is closed, and no item comes any more.
    pub(super) fn wait_and_pop(&self) -> Option<T> {
        self.wait_until_popped(|| self.try_pop())
    }

    /// Waits for an item that a worker is to handle. `None` if the queue is closed, and no item comes any more.
    ///
    /// After it has handled the item, the worker calls [`finish_item`](Self::finish_item).
    pub(super) fn next_item(&self, seq: &BusyCount) -> Option<T> {
        self.wait_until_popped(|| {
            seq.begin();
            let Some(item) = self.ring.pop() else {
                seq.end();
                self.progress.notify_one();
                return None;
            };
            self.consumers.handling.fetch_add(1, Ordering::Relaxed);
            self.count_out();
            Some(item)
        })
    }

    /// Waits until `try_pop` returns an item, or until no item comes any more.
    fn wait_until_popped(&self, try_pop: impl Fn() -> Option<T>) -> Option<T> {
        let is_over = || self.producers.items.load(Ordering::Acquire) == CLOSED;
        self.items.wait(
            || !self.ring.is_empty() || is_over(),
            || match try_pop() {
                None => is_over().then_some(None),
                item => Some(item),
            },
        )
    }

    /// Counts an item that a worker has handled.
    pub(super) fn finish_item(&self, seq: &BusyCount, panicked: bool) {
        if panicked {
            self.consumers.panicked.fetch_add(1, Ordering::Relaxed);
        }
        self.consumers.handling.fetch_sub(1, Ordering::Relaxed);
        self.consumers.handled.fetch_add(1, Ordering::Release);
        seq.end();
        self.progress.notify_one();
    }

    /// Waits until every item that was pushed before is handled. Only one thread may call it at a time.
    ///
    /// # Arguments
    ///
    /// * `busy_counts`: returns the sequence counts of all workers. It is called after the items have left the ring.
    pub(super) fn flush(&self, busy_counts: impl FnOnce() -> Vec<Arc<BusyCount>>) {
        // This counts every item that was put into the ring before. It may count later ones too.
        let pushed = self.producers.pushed.load(Ordering::Acquire);
        // Items leave the ring in order. When as many items are handled, whichever they are, these have left the ring.
        let nobody_else = || false;
        self.progress.wait(nobody_else, || {
            let missing = pushed.wrapping_sub(self.consumers.handled.load(Ordering::Acquire));
            (missing == 0 || missing > usize::MAX / 2).then_some(())
        });
        // Busy workers have those of them that are not handled yet.
        let mut busy: Vec<_> = busy_counts()
            .into_iter()
            .filter_map(|seq| seq.busy().map(|count| (seq, count)))
            .collect();
        self.progress.wait(nobody_else, || {
            busy.retain(|(seq, count)| seq.busy() == Some(*count));
            busy.is_empty().then_some(())
        });
    }

    /// Waits for room, and puts an item in. Returns the item if the queue is closed.
    pub(super) fn wait_and_push(&self, item: T) -> Result<(), Full<T>> {
        let mut item = Some(item);
        let is_ready = || self.is_closed() || self.len() < self.capacity();
        let pushed = self.room.wait(is_ready, || match self.try_push(item.take()?) {
            Ok(()) => Some(Ok(())),
            Err(refused) if self.is_closed() => Some(Err(refused)),
            Err(Full(back)) => {
                item = Some(back);
                None
            }
        });
        pushed.inspect_err(|_| {
            self.producers.refused.fetch_add(1, Ordering::Relaxed);
        })
    }
}
