//! What a queue and its workers share: the ring, the counts of items, and the threads that wait.

#[cfg(feature = "std")]
use alloc::sync::Arc;
#[cfg(feature = "std")]
use alloc::vec::Vec;

use super::full::Full;
#[cfg(feature = "std")]
use super::seq_count::SeqCount;
use super::stats::QueueStats;
use crate::event_count::EventCount;
#[cfg(feature = "std")]
use crate::primitive::fence;
use crate::primitive::{ArrayQueue, AtomicUsize, Ordering};

/// In the count of items: the queue takes no more.
const CLOSED: usize = 1;

/// In the count of items: one item.
const ITEM: usize = 2;

/// See the [module](self).
pub(super) struct Shared<T> {
    ring: ArrayQueue<T>,
    entry: Entry,
    exit: Exit,
    /// For those who wait for an item, or for there to be none any more.
    items: EventCount,
    /// For those who wait for room, and the one who waits for items to be done with: both look when an item was taken.
    room: EventCount,
}

/// What a push changes. Apart from what the handlers count, by two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Entry {
    /// How many items were admitted and not taken out yet, and whether the queue is closed, in one word. So every push is
    /// either admitted before the closing, and waited for, or refused.
    ///
    /// An item is counted in before it is put into the ring, and out after it was taken from there. So an item that was
    /// admitted finds room in the ring.
    items: AtomicUsize,
    pushed: AtomicUsize,
    refused: AtomicUsize,
    highest: AtomicUsize,
}

/// What was done with the items.
#[repr(align(128))]
struct Exit {
    /// How many items handlers have in hand.
    handling: AtomicUsize,
    handled: AtomicUsize,
    panicked: AtomicUsize,
    /// Whether somebody waits for items to be done with: 1 or 0.
    #[cfg(feature = "std")]
    flushing: AtomicUsize,
}

impl<T> Shared<T> {
    #[track_caller]
    pub(super) fn with_capacity(capacity: usize) -> Self {
        assert!(capacity > 0, "a queue of capacity 0 takes nothing: expected at least 1");
        Self {
            ring: ArrayQueue::new(capacity),
            entry: Entry {
                items: AtomicUsize::new(0),
                pushed: AtomicUsize::new(0),
                refused: AtomicUsize::new(0),
                highest: AtomicUsize::new(0),
            },
            exit: Exit {
                handling: AtomicUsize::new(0),
                handled: AtomicUsize::new(0),
                panicked: AtomicUsize::new(0),
                #[cfg(feature = "std")]
                flushing: AtomicUsize::new(0),
            },
            items: EventCount::new(),
            room: EventCount::new(),
        }
    }

    /// Puts an item in, or counts a refusal.
    pub(super) fn push(&self, item: T) -> Result<(), Full<T>> {
        self.try_push(item).inspect_err(|_| {
            self.entry.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn try_push(&self, item: T) -> Result<(), Full<T>> {
        let Some(held) = self.admit() else { return Err(Full(item)) };
        self.entry.pushed.fetch_add(1, Ordering::Relaxed);
        // It rises only, and seldom.
        if held > self.entry.highest.load(Ordering::Relaxed) {
            self.entry.highest.fetch_max(held, Ordering::Relaxed);
        }
        let put = self.ring.push(item);
        assert!(put.is_ok(), "an admitted item finds room in the ring");
        self.items.notify_one();
        Ok(())
    }

    /// Counts an item in, and returns how many there are then; `None` if the queue takes no more.
    fn admit(&self) -> Option<usize> {
        let full = self.capacity() * ITEM;
        let mut items = self.entry.items.load(Ordering::Relaxed);
        loop {
            if items & CLOSED != 0 || items >= full {
                return None;
            }
            // Acquires the leaving of those that made room.
            match self.entry.items.compare_exchange_weak(
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

    /// Takes the first item out, if there is one. It counts as handled: the caller answers for it from now on.
    pub(super) fn take(&self) -> Option<T> {
        let item = self.ring.pop()?;
        // Before those are woken who wait for this.
        self.exit.handled.fetch_add(1, Ordering::Release);
        self.taken();
        Some(item)
    }

    /// Counts an item out.
    fn taken(&self) {
        if self.entry.items.fetch_sub(ITEM, Ordering::AcqRel) == ITEM | CLOSED {
            // The last: none will come any more.
            self.items.notify_all();
        } else {
            self.room.notify_one();
        }
    }

    /// Refuses every push from now on.
    pub(super) fn close(&self) {
        self.entry.items.fetch_or(CLOSED, Ordering::AcqRel);
        self.items.notify_all();
        self.room.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.entry.items.load(Ordering::Acquire) & CLOSED != 0
    }

    /// How many items were admitted and not taken out yet.
    pub(super) fn len(&self) -> usize {
        self.entry.items.load(Ordering::Acquire) / ITEM
    }

    pub(super) fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    pub(super) fn stats(&self) -> QueueStats {
        // First: what was handled was pushed before.
        let handled = self.exit.handled.load(Ordering::Acquire);
        QueueStats {
            capacity: self.capacity(),
            pushed: self.entry.pushed.load(Ordering::Relaxed),
            handling: self.exit.handling.load(Ordering::Relaxed),
            handled,
            panicked: self.exit.panicked.load(Ordering::Relaxed),
            refused: self.entry.refused.load(Ordering::Relaxed),
            highest: self.entry.highest.load(Ordering::Relaxed),
        }
    }
}

#[cfg(feature = "std")]
impl<T> Shared<T> {
    /// Waits for an item, and takes it as handled; `None` when the queue is closed and none will come any more.
    pub(super) fn wait_and_take(&self) -> Option<T> {
        self.wait_with(|| self.take())
    }

    /// Waits for an item to handle, by a worker; `None` when the queue is closed and none will come any more. The worker
    /// answers for it with [`handled`](Self::handled).
    pub(super) fn wait_for_item(&self, seq: &SeqCount) -> Option<T> {
        self.wait_with(|| {
            seq.begin();
            let Some(item) = self.ring.pop() else {
                seq.end();
                self.notify_flush();
                return None;
            };
            self.exit.handling.fetch_add(1, Ordering::Relaxed);
            self.taken();
            Some(item)
        })
    }

    fn wait_with(&self, take: impl Fn() -> Option<T>) -> Option<T> {
        self.items.wait(|| match take() {
            None => (self.entry.items.load(Ordering::Acquire) == CLOSED).then_some(None),
            item => Some(item),
        })
    }

    /// Counts an item that a worker has handled.
    pub(super) fn handled(&self, seq: &SeqCount, panicked: bool) {
        if panicked {
            self.exit.panicked.fetch_add(1, Ordering::Relaxed);
        }
        self.exit.handling.fetch_sub(1, Ordering::Relaxed);
        self.exit.handled.fetch_add(1, Ordering::Release);
        seq.end();
        self.notify_flush();
    }

    /// Wakes the one who waits for items to be done with, after one was.
    fn notify_flush(&self) {
        // Either this sees who flushes, or who flushes sees what was done.
        fence(Ordering::SeqCst);
        if self.exit.flushing.load(Ordering::Relaxed) != 0 {
            self.room.notify_all();
        }
    }

    /// Waits until every item that was pushed before is done with. One thread at a time.
    ///
    /// # Arguments
    ///
    /// * `seq_counts`: lists those of all workers. It is called when the items were taken.
    pub(super) fn flush(&self, seq_counts: impl FnOnce() -> Vec<Arc<SeqCount>>) {
        // All that were put into the ring before have been counted, if not only those.
        let pushed = self.entry.pushed.load(Ordering::Acquire);
        self.exit.flushing.store(1, Ordering::Relaxed);
        // Items leave the ring in order: when as many are done with, whichever they are, these have left it.
        self.room.wait_and_pass_on(|| {
            let missing = pushed.wrapping_sub(self.exit.handled.load(Ordering::Acquire));
            (missing == 0 || missing > usize::MAX / 2).then_some(())
        });
        // Those of them that are not done with are in the hands of busy workers.
        let mut busy: Vec<_> = seq_counts()
            .into_iter()
            .filter_map(|seq| seq.busy().map(|count| (seq, count)))
            .collect();
        self.room.wait_and_pass_on(|| {
            busy.retain(|(seq, count)| seq.busy() == Some(*count));
            busy.is_empty().then_some(())
        });
        self.exit.flushing.store(0, Ordering::Relaxed);
    }

    /// Waits for room, and puts an item in; gives it back if the queue is closed.
    pub(super) fn wait_and_push(&self, item: T) -> Result<(), Full<T>> {
        let mut item = Some(item);
        let pushed = self.room.wait(|| match self.try_push(item.take()?) {
            Ok(()) => Some(Ok(())),
            Err(refused) if self.is_closed() => Some(Err(refused)),
            Err(Full(back)) => {
                item = Some(back);
                None
            }
        });
        pushed.inspect_err(|_| {
            self.entry.refused.fetch_add(1, Ordering::Relaxed);
        })
    }
}
