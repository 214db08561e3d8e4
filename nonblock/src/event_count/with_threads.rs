//! The event count with `std`: its threads park.
//!
//! A waiter takes a slot, looks once more for what it waits for, and parks. A notifier first changes what the waiters look at.
//! Then it removes one slot from the waiting slots, and unparks the thread of the slot. The waiter has a fence between taking
//! the slot and looking, and the notifier has one between its change and its look at the slots. So either the notifier sees
//! the waiter, or the waiter sees the change.
//!
//! # First come, first woken
//!
//! A waiter has a ticket, and stays in line until it has found what it waits for, also if it was woken and somebody else was
//! faster. A notifier wakes the oldest ticket. Whoever comes while others are in line gets behind them, and does not look
//! before it is first or woken. So a thread that gives something back and wants it again does not get ahead of those who
//! wait. (Only what does not wait gets ahead: a section, which cannot stand in line.)
//!
//! A waiter that did not look has relied on those ahead. So whoever leaves the line looks whether there is more, and if so
//! wakes the next. Between leaving the line and looking it has a fence, as a waiter has between getting in line and looking
//! who is ahead: either the newcomer sees that the line is empty, or whoever leaves it sees what the newcomer did not look at.
//!
//! # Handles
//!
//! The handle of a thread stays in its slot until another thread takes the slot. So a notifier never drops a handle, and
//! neither allocates nor releases memory. Notifier and waiter do not wait for each other to be done with a slot: the one that
//! releases the slot last makes it free.

use core::time::Duration;

use crate::primitive::{
    AtomicBool, AtomicUsize, EVENT_COUNT_SLOTS as SLOTS, Ordering, Thread, UnsafeCell, current,
    fence, park, sleep,
};

/// How long a waiter that found no free slot sleeps before it looks again.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Lets threads wait for an event, and wakes one of them or all.
///
/// All that wait for one event count look for the same. Whoever changes what they look at notifies it: one of them for a thing
/// that one can have, all of them for what all can see.
pub(crate) struct EventCount {
    /// A bit for each slot whose thread waits, and was not notified yet.
    waiting: AtomicUsize,
    /// A bit for each slot whose thread has not found yet what it waits for.
    line: AtomicUsize,
    next_ticket: AtomicUsize,
    /// A bit for each slot that is not free.
    taken: AtomicUsize,
    slots: [Slot; SLOTS],
}

struct Slot {
    thread: UnsafeCell<Option<Thread>>,
    /// When the thread came: an older thread has a smaller ticket.
    ticket: AtomicUsize,
    /// Whether one of two has released the slot: the notifier, or the waiter that it notified.
    released: AtomicBool,
}

// SAFETY: only the thread that took a slot writes the handle in it, before the slot is a waiting one. Only the notifier that
// removed the slot from the waiting ones reads the handle, before the slot is free again.
unsafe impl Sync for EventCount {}

// SAFETY: `Thread` is `Send`, and nothing here is tied to a thread.
unsafe impl Send for EventCount {}

impl EventCount {
    pub(crate) fn new() -> Self {
        let slot = |_| Slot {
            thread: UnsafeCell::new(None),
            ticket: AtomicUsize::new(0),
            released: AtomicBool::new(false),
        };
        Self {
            waiting: AtomicUsize::new(0),
            line: AtomicUsize::new(0),
            next_ticket: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            slots: core::array::from_fn(slot),
        }
    }

    /// Wakes the thread that has waited longest, if any waits. Call it after a change that one waiter looks for.
    #[inline]
    pub(crate) fn notify_one(&self) {
        fence(Ordering::SeqCst);
        self.notify_one_fenced();
    }

    /// As [`notify_one`](Self::notify_one), for a caller that has a `SeqCst` fence behind its change.
    #[inline]
    pub(crate) fn notify_one_fenced(&self) {
        let waiting = self.waiting.load(Ordering::Acquire);
        if waiting != 0 {
            self.wake_one(waiting);
        }
    }

    /// Wakes all threads that wait. Call it after a change that all of them look for.
    pub(crate) fn notify_all(&self) {
        fence(Ordering::SeqCst);
        // A thread that takes a slot later looks after the fence, and sees the change.
        let waiting = self.waiting.load(Ordering::Relaxed);
        for slot in (0..SLOTS).filter(|slot| waiting & (1 << slot) != 0) {
            // If other notifiers were faster, nobody waits there any more.
            let _ = self.wake(slot);
        }
    }

    /// Wakes the oldest of the waiting threads, unless other notifiers have woken all of them.
    #[cold]
    fn wake_one(&self, mut waiting: usize) {
        while let Some(slot) = self.oldest(waiting) {
            match self.wake(slot) {
                Ok(()) => return,
                Err(now) => waiting = now,
            }
        }
    }

    /// Returns the slot with the oldest ticket, of those whose bit is set.
    fn oldest(&self, slots: usize) -> Option<usize> {
        let ticket = |slot: &usize| self.slots[*slot].ticket.load(Ordering::Relaxed);
        // Tickets may wrap around.
        (0..SLOTS)
            .filter(|slot| slots & (1 << slot) != 0)
            .reduce(|one, other| if is_older(ticket(&other), ticket(&one)) { other } else { one })
    }

    /// Wakes the thread that waits in a slot. If none waits there, returns the slots in which threads wait.
    fn wake(&self, slot: usize) -> Result<(), usize> {
        let bit = 1 << slot;
        let before = self.waiting.fetch_and(!bit, Ordering::AcqRel);
        if before & bit == 0 {
            return Err(before);
        }
        self.slots[slot].thread.with(|thread| {
            // SAFETY: this notifier alone cleared the bit, so the handle was written, and it stays until the slot is free.
            if let Some(thread) = unsafe { &*thread } {
                thread.unpark();
            }
        });
        self.release(slot);
        Ok(())
    }

    /// Waits until `poll` returns `Some`. It is called repeatedly, and must neither wait nor panic.
    ///
    /// `is_ready` tells whether another waiter's `poll` may return `Some`.
    pub(crate) fn wait<R>(
        &self,
        is_ready: impl Fn() -> bool,
        mut poll: impl FnMut() -> Option<R>,
    ) -> R {
        if self.line.load(Ordering::Relaxed) == 0
            && let Some(found) = poll()
        {
            return found;
        }
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        // The slot in which this thread was woken, if it has to wait again.
        let mut last_slot = None;
        let found = loop {
            let slot = self.take_slot(ticket);
            if let Some(slot) = last_slot.take() {
                self.leave_line(slot);
                self.release(slot);
            }
            let Some(slot) = slot else {
                // All slots are taken: this thread has no place in line.
                match poll() {
                    Some(found) => break found,
                    None => sleep(POLL_INTERVAL),
                }
                continue;
            };
            let bit = 1 << slot;
            fence(Ordering::SeqCst);
            if self.is_first(slot, ticket)
                && let Some(found) = poll()
            {
                self.leave_line(slot);
                if self.waiting.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                    self.free(slot);
                } else {
                    // It was notified, but had found what it looks for already. The next in line is told below.
                    self.release(slot);
                }
                break found;
            }
            while self.waiting.load(Ordering::Acquire) & bit != 0 {
                park();
            }
            if let Some(found) = poll() {
                self.leave_line(slot);
                self.release(slot);
                break found;
            }
            last_slot = Some(slot);
        };
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Acquire) != 0 && is_ready() {
            self.notify_one_fenced();
        }
        found
    }

    /// Whether nobody with an older ticket is in line.
    fn is_first(&self, slot: usize, ticket: usize) -> bool {
        let others = self.line.load(Ordering::Acquire) & !(1 << slot);
        self.oldest(others).is_none_or(|oldest| {
            !is_older(self.slots[oldest].ticket.load(Ordering::Relaxed), ticket)
        })
    }

    /// Leaves the line. The slot is this thread's until it is released, so the bit is too.
    fn leave_line(&self, slot: usize) {
        self.line.fetch_and(!(1 << slot), Ordering::AcqRel);
    }

    /// Takes a free slot, if there is one, and gets in line.
    fn take_slot(&self, ticket: usize) -> Option<usize> {
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
        self.slots[slot].released.store(false, Ordering::Relaxed);
        self.slots[slot].thread.with_mut(|thread| {
            // SAFETY: this thread took the free slot, and no notifier looks into the slot before it is a waiting one.
            unsafe { *thread = Some(current()) };
        });
        self.slots[slot].ticket.store(ticket, Ordering::Relaxed);
        self.line.fetch_or(1 << slot, Ordering::AcqRel);
        self.waiting.fetch_or(1 << slot, Ordering::Release);
        Some(slot)
    }

    /// Releases a slot whose thread was notified. The notifier and the waiter each call it once, and the second frees the slot.
    fn release(&self, slot: usize) {
        if self.slots[slot].released.swap(true, Ordering::AcqRel) {
            self.free(slot);
        }
    }

    fn free(&self, slot: usize) {
        self.taken.fetch_and(!(1 << slot), Ordering::Release);
    }
}

/// Whether the first ticket was given before the second. They may have wrapped around in between.
const fn is_older(ticket: usize, than: usize) -> bool {
    ticket.wrapping_sub(than) > usize::MAX / 2
}
