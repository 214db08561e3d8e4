//! The event count with `std`: its threads park.
//!
//! A waiter takes a slot, looks once more for what it waits for, and parks. A notifier first changes what the waiters look at.
//! Then it removes one slot from the waiting slots, and unparks the thread of the slot. The waiter has a fence between taking
//! the slot and looking, and the notifier has one between its change and its look at the slots. So either the notifier sees
//! the waiter, or the waiter sees the change.
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
pub(crate) struct EventCount {
    /// A bit for each slot whose thread waits, and was not notified yet.
    waiting: AtomicUsize,
    /// A bit for each slot that is not free.
    taken: AtomicUsize,
    slots: [Slot; SLOTS],
}

struct Slot {
    thread: UnsafeCell<Option<Thread>>,
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
        let slot = |_| Slot { thread: UnsafeCell::new(None), released: AtomicBool::new(false) };
        Self {
            waiting: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            slots: core::array::from_fn(slot),
        }
    }

    /// Wakes one thread, if any waits. Call it after a change that one waiter looks for.
    #[inline]
    pub(crate) fn notify_one(&self) {
        fence(Ordering::SeqCst);
        let waiting = self.waiting.load(Ordering::Relaxed);
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

    /// Wakes one of the waiting threads, unless other notifiers have woken all of them.
    #[cold]
    fn wake_one(&self, mut waiting: usize) {
        while waiting != 0 {
            match self.wake(waiting.trailing_zeros() as usize) {
                Ok(()) => return,
                Err(now) => waiting = now,
            }
        }
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

    /// Waits until the closure returns `Some`. The closure is called repeatedly, and must neither wait nor panic.
    pub(crate) fn wait<R>(&self, poll: impl FnMut() -> Option<R>) -> R {
        self.wait_and_call(|| (), poll)
    }

    /// As [`wait`](Self::wait), for one thread that looks for something else than the other waiters.
    ///
    /// Each time that the thread is woken, it passes the notification on to one of the others. No two threads may wait in this
    /// way at one event count: they would wake each other for ever.
    pub(crate) fn wait_and_pass_on<R>(&self, poll: impl FnMut() -> Option<R>) -> R {
        self.wait_and_call(|| self.notify_one(), poll)
    }

    /// Waits until `poll` returns `Some`. Calls `on_wake` each time that the thread is woken.
    fn wait_and_call<R>(&self, on_wake: impl Fn(), mut poll: impl FnMut() -> Option<R>) -> R {
        loop {
            if let Some(found) = poll() {
                return found;
            }
            let Some(slot) = self.take_slot() else {
                sleep(POLL_INTERVAL);
                continue;
            };
            let bit = 1 << slot;
            fence(Ordering::SeqCst);
            if let Some(found) = poll() {
                if self.waiting.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                    self.free(slot);
                } else {
                    // This thread was notified, but had found what it looks for already. So it notifies the next one.
                    self.release(slot);
                    self.notify_one();
                }
                return found;
            }
            while self.waiting.load(Ordering::Acquire) & bit != 0 {
                park();
            }
            self.release(slot);
            on_wake();
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
        self.slots[slot].released.store(false, Ordering::Relaxed);
        self.slots[slot].thread.with_mut(|thread| {
            // SAFETY: this thread took the free slot, and no notifier looks into the slot before it is a waiting one.
            unsafe { *thread = Some(current()) };
        });
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
