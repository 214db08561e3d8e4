//! The event count of threads that park.
//!
//! A waiter takes a slot, looks once more, and parks. Whoever has put something there notifies: it takes one slot off the
//! list of those waiting, and unparks its thread. A fence stands between taking the slot and looking on one side, and
//! between putting and notifying on the other. So either the notifier sees the waiter, or the waiter sees what was put.
//!
//! A thread's handle stays in its slot until another thread takes the slot, so a notifier never drops one, and neither
//! allocates nor releases memory. Notifier and waiter do not wait for each other to be done with a slot: whoever lets it
//! go last makes it free.

use core::time::Duration;

use crate::primitive::{
    AtomicBool, AtomicUsize, EVENT_COUNT_SLOTS as SLOTS, Ordering, Thread, UnsafeCell, current,
    fence, park, sleep,
};

/// How often a waiter looks that found no free slot.
const WITHOUT_A_SLOT: Duration = Duration::from_millis(1);

/// Threads that wait, and are woken one at a time.
pub(crate) struct EventCount {
    /// A bit for each slot whose thread waits and was not notified yet.
    waiting: AtomicUsize,
    /// A bit for each slot that is not free.
    taken: AtomicUsize,
    slots: [Slot; SLOTS],
}

struct Slot {
    thread: UnsafeCell<Option<Thread>>,
    /// Whether one of the two, the notifier and the waiter that it notified, has let the slot go.
    let_go: AtomicBool,
}

// SAFETY: a slot's handle is written by the thread that took the slot, before the slot shows as waiting. It is read by the
// one notifier that took the slot off those waiting, before the slot is free again.
unsafe impl Sync for EventCount {}

// SAFETY: `Thread` is `Send`, and nothing here is tied to a thread.
unsafe impl Send for EventCount {}

impl EventCount {
    pub(crate) fn new() -> Self {
        let slot = |_| Slot { thread: UnsafeCell::new(None), let_go: AtomicBool::new(false) };
        Self {
            waiting: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            slots: core::array::from_fn(slot),
        }
    }

    /// Wakes one thread, if any waits, after something was put where they look.
    #[inline]
    pub(crate) fn notify_one(&self) {
        fence(Ordering::SeqCst);
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting != 0 {
            self.wake_one(waiting);
        }
    }

    /// Wakes all threads that wait, after something has changed for all of them.
    pub(crate) fn notify_all(&self) {
        fence(Ordering::SeqCst);
        // Whoever takes a slot later looks after the fence, and sees the change.
        let waiting = self.waiting.load(Ordering::Relaxed);
        for slot in (0..SLOTS).filter(|slot| waiting & (1 << slot) != 0) {
            // Nobody waits there if others have notified meanwhile.
            let _ = self.wake(slot);
        }
    }

    /// Wakes one of those that wait, unless others have woken them all.
    #[cold]
    fn wake_one(&self, mut waiting: usize) {
        while waiting != 0 {
            match self.wake(waiting.trailing_zeros() as usize) {
                Ok(()) => return,
                Err(now) => waiting = now,
            }
        }
    }

    /// Wakes the thread that waits in a slot. If none does, returns the slots in which others wait.
    fn wake(&self, slot: usize) -> Result<(), usize> {
        let bit = 1 << slot;
        let before = self.waiting.fetch_and(!bit, Ordering::AcqRel);
        if before & bit == 0 {
            return Err(before);
        }
        self.slots[slot].thread.with(|thread| {
            // SAFETY: this notifier alone took the bit away, so the handle is written, and stays until the slot is free.
            if let Some(thread) = unsafe { &*thread } {
                thread.unpark();
            }
        });
        self.let_go(slot);
        Ok(())
    }

    /// Waits until the closure returns something. It is called repeatedly, and must neither wait nor panic.
    pub(crate) fn wait<R>(&self, look: impl FnMut() -> Option<R>) -> R {
        self.wait_and(|| (), look)
    }

    /// As [`wait`](Self::wait), for one thread that looks for something else than the others. Whenever it was woken, it
    /// notifies one of the others in turn. No two threads may wait so for one event count: they would wake each other for
    /// ever.
    pub(crate) fn wait_beside<R>(&self, look: impl FnMut() -> Option<R>) -> R {
        self.wait_and(|| self.notify_one(), look)
    }

    fn wait_and<R>(&self, woken: impl Fn(), mut look: impl FnMut() -> Option<R>) -> R {
        loop {
            if let Some(found) = look() {
                return found;
            }
            let Some(slot) = self.take_slot() else {
                sleep(WITHOUT_A_SLOT);
                continue;
            };
            let bit = 1 << slot;
            fence(Ordering::SeqCst);
            if let Some(found) = look() {
                if self.waiting.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                    self.free(slot);
                } else {
                    // This thread was notified, and has what it looks for already: the next one is due.
                    self.let_go(slot);
                    self.notify_one();
                }
                return found;
            }
            while self.waiting.load(Ordering::Acquire) & bit != 0 {
                park();
            }
            self.let_go(slot);
            woken();
        }
    }

    /// Takes a free slot, if there is one.
    fn take_slot(&self) -> Option<usize> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        let slot = loop {
            let slot = (!taken).trailing_zeros() as usize;
            if slot == SLOTS {
                return None;
            }
            let with_it = taken | (1 << slot);
            match self.taken.compare_exchange_weak(
                taken,
                with_it,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => break slot,
                Err(now) => taken = now,
            }
        };
        self.slots[slot].let_go.store(false, Ordering::Relaxed);
        self.slots[slot].thread.with_mut(|thread| {
            // SAFETY: this thread took the free slot, and no notifier looks into it before it shows as waiting.
            unsafe { *thread = Some(current()) };
        });
        self.waiting.fetch_or(1 << slot, Ordering::Release);
        Some(slot)
    }

    /// Lets go of a slot whose thread was notified: once by the notifier, once by the waiter.
    fn let_go(&self, slot: usize) {
        if self.slots[slot].let_go.swap(true, Ordering::AcqRel) {
            self.free(slot);
        }
    }

    fn free(&self, slot: usize) {
        self.taken.fetch_and(!(1 << slot), Ordering::Release);
    }
}
