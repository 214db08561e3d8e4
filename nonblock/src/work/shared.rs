//! What a queue and its workers share: the ring, who was let in, and who waits.

#[cfg(feature = "std")]
use alloc::sync::Arc;
#[cfg(feature = "std")]
use alloc::vec::Vec;

#[cfg(feature = "std")]
use super::atomic::fence;
use super::atomic::{ArrayQueue, AtomicUsize, Ordering};
use super::bell::Bell;
use super::full::Full;
#[cfg(feature = "std")]
use super::round::Round;
use super::stats::QueueStats;

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
    items: Bell,
    /// For those who wait for room, and the one who waits for items to be done with: both look when an item was taken.
    room: Bell,
}

/// What a push changes. Apart from what the handlers count, by two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Entry {
    /// How many items were let in and not taken out yet, and whether the queue is closed, in one word: so every push is
    /// either let in before the closing, and waited for, or refused.
    ///
    /// An item is let in before it is put into the ring, and let out after it was taken from there. So whoever is let in finds
    /// room in the ring.
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
            items: Bell::new(),
            room: Bell::new(),
        }
    }

    /// Puts an item in, or counts a refusal.
    pub(super) fn push(&self, item: T) -> Result<(), Full<T>> {
        self.try_push(item).inspect_err(|_| {
            self.entry.refused.fetch_add(1, Ordering::Relaxed);
        })
    }

    fn try_push(&self, item: T) -> Result<(), Full<T>> {
        let Some(held) = self.let_in() else { return Err(Full(item)) };
        self.entry.pushed.fetch_add(1, Ordering::Relaxed);
        // It rises only, and seldom.
        if held > self.entry.highest.load(Ordering::Relaxed) {
            self.entry.highest.fetch_max(held, Ordering::Relaxed);
        }
        let put = self.ring.push(item);
        assert!(put.is_ok(), "who was let in finds room in the ring");
        self.items.ring();
        Ok(())
    }

    /// Counts an item in, and returns how many there are then; `None` if the queue takes no more.
    fn let_in(&self) -> Option<usize> {
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

    /// Takes the first item out, if there is one, as handled: it is the caller's affair from now on.
    pub(super) fn take(&self) -> Option<T> {
        let item = self.ring.pop()?;
        // Before the bell is rung for those who wait for this.
        self.exit.handled.fetch_add(1, Ordering::Release);
        self.taken();
        Some(item)
    }

    /// Counts an item out.
    fn taken(&self) {
        if self.entry.items.fetch_sub(ITEM, Ordering::AcqRel) == ITEM | CLOSED {
            // The last: none will come any more.
            self.items.ring_all();
        } else {
            self.room.ring();
        }
    }

    /// Refuses every push from now on.
    pub(super) fn close(&self) {
        self.entry.items.fetch_or(CLOSED, Ordering::AcqRel);
        self.items.ring_all();
        self.room.ring_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.entry.items.load(Ordering::Acquire) & CLOSED != 0
    }

    /// How many items were let in and not taken out yet.
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
    pub(super) fn wait_for_item(&self, round: &Round) -> Option<T> {
        self.wait_with(|| {
            round.begin();
            let Some(item) = self.ring.pop() else {
                round.end();
                self.tell_who_flushes();
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
    pub(super) fn handled(&self, round: &Round, panicked: bool) {
        if panicked {
            self.exit.panicked.fetch_add(1, Ordering::Relaxed);
        }
        self.exit.handling.fetch_sub(1, Ordering::Relaxed);
        self.exit.handled.fetch_add(1, Ordering::Release);
        round.end();
        self.tell_who_flushes();
    }

    /// Wakes the one who waits for items to be done with, after one was.
    fn tell_who_flushes(&self) {
        // Either this sees who flushes, or who flushes sees what was done.
        fence(Ordering::SeqCst);
        if self.exit.flushing.load(Ordering::Relaxed) != 0 {
            self.room.ring_all();
        }
    }

    /// Waits until every item that was pushed before is done with. One thread at a time.
    ///
    /// # Arguments
    ///
    /// * `rounds`: lists those of all workers. It is called when the items were taken.
    pub(super) fn flush(&self, rounds: impl FnOnce() -> Vec<Arc<Round>>) {
        // All that were put into the ring before have been counted, if not only those.
        let pushed = self.entry.pushed.load(Ordering::Acquire);
        self.exit.flushing.store(1, Ordering::Relaxed);
        // Items leave the ring in order: when as many are done with, whichever they are, these have left it.
        self.room.wait_beside(|| {
            let missing = pushed.wrapping_sub(self.exit.handled.load(Ordering::Acquire));
            (missing == 0 || missing > usize::MAX / 2).then_some(())
        });
        // Those of them that are not done with are in the hands of workers in the middle of a round.
        let mut under_way: Vec<_> = rounds()
            .into_iter()
            .filter_map(|round| round.under_way().map(|number| (round, number)))
            .collect();
        self.room.wait_beside(|| {
            under_way.retain(|(round, number)| round.under_way() == Some(*number));
            under_way.is_empty().then_some(())
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
