//! What threads wait for that look for something, and what wakes them without waiting, allocating or releasing.
//!
//! Who waits takes a seat, looks once more, and parks. Who has put something there rings: it takes one of those that sit
//! off the list of those waiting, and unparks it. Between sitting and looking on one side, and putting and ringing on the
//! other, stands a fence each, so that either the ringer sees who sits, or the sitter sees what was put.
//!
//! A thread's handle stays in its seat until another thread sits there, so the ringer never drops one. Neither waits for the
//! other to be done with the seat: who is the last to let it go makes it free.

use core::time::Duration;

use super::atomic::{
    AtomicBool, AtomicUsize, Ordering, SEATS, Thread, UnsafeCell, current, fence, park, sleep,
};

/// How often those look that found no seat.
const WITHOUT_A_SEAT: Duration = Duration::from_millis(1);

/// Threads that wait, and are woken one at a time.
pub(crate) struct Bell {
    /// A bit for each seat that somebody sits in and nobody has rung for.
    waiting: AtomicUsize,
    /// A bit for each seat that is not free.
    taken: AtomicUsize,
    seats: [Seat; SEATS],
}

struct Seat {
    thread: UnsafeCell<Option<Thread>>,
    /// Whether one of the two, the ringer and the sitter that it rang for, has let the seat go.
    let_go: AtomicBool,
}

// SAFETY: a seat's handle is written by the thread that took the seat, before it shows as waiting, and read by the one
// ringer that took it off those waiting, before the seat is free again.
unsafe impl Sync for Bell {}

// SAFETY: `Thread` is `Send`, and nothing here is tied to a thread.
unsafe impl Send for Bell {}

impl Bell {
    pub(crate) fn new() -> Self {
        let seat = |_| Seat { thread: UnsafeCell::new(None), let_go: AtomicBool::new(false) };
        Self {
            waiting: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            seats: core::array::from_fn(seat),
        }
    }

    /// Wakes one thread, if any waits, after something was put where they look.
    #[inline]
    pub(crate) fn ring(&self) {
        fence(Ordering::SeqCst);
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting != 0 {
            self.wake_one(waiting);
        }
    }

    /// Wakes all threads that wait, after something has changed for all of them.
    pub(crate) fn ring_all(&self) {
        fence(Ordering::SeqCst);
        // Who sits down later looks after the fence, and sees the change.
        let waiting = self.waiting.load(Ordering::Relaxed);
        for seat in (0..SEATS).filter(|seat| waiting & (1 << seat) != 0) {
            // Nobody waits there if others have rung meanwhile.
            let _ = self.wake(seat);
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

    /// Wakes who waits in a seat. If nobody does, returns who else does.
    fn wake(&self, seat: usize) -> Result<(), usize> {
        let bit = 1 << seat;
        let before = self.waiting.fetch_and(!bit, Ordering::AcqRel);
        if before & bit == 0 {
            return Err(before);
        }
        self.seats[seat].thread.with(|thread| {
            // SAFETY: this ringer alone took the bit away, so the handle is written, and stays until the seat is free.
            if let Some(thread) = unsafe { &*thread } {
                thread.unpark();
            }
        });
        self.let_go(seat);
        Ok(())
    }

    /// Waits until the closure returns something. It is called again and again, and must not wait or panic.
    pub(crate) fn wait<R>(&self, look: impl FnMut() -> Option<R>) -> R {
        self.wait_and(|| (), look)
    }

    /// As [`wait`](Self::wait), for one who looks for something else than those that the bell is rung for: rings for them
    /// whenever it was woken. No two may wait so with one bell, or they would wake each other for ever.
    pub(crate) fn wait_beside<R>(&self, look: impl FnMut() -> Option<R>) -> R {
        self.wait_and(|| self.ring(), look)
    }

    fn wait_and<R>(&self, woken: impl Fn(), mut look: impl FnMut() -> Option<R>) -> R {
        loop {
            if let Some(found) = look() {
                return found;
            }
            let Some(seat) = self.sit() else {
                sleep(WITHOUT_A_SEAT);
                continue;
            };
            let bit = 1 << seat;
            fence(Ordering::SeqCst);
            if let Some(found) = look() {
                if self.waiting.fetch_and(!bit, Ordering::AcqRel) & bit != 0 {
                    self.free(seat);
                } else {
                    // It was rung for whoever looks next, which this thread does not.
                    self.let_go(seat);
                    self.ring();
                }
                return found;
            }
            while self.waiting.load(Ordering::Acquire) & bit != 0 {
                park();
            }
            self.let_go(seat);
            woken();
        }
    }

    /// Takes a free seat, if there is one.
    fn sit(&self) -> Option<usize> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        let seat = loop {
            let seat = (!taken).trailing_zeros() as usize;
            if seat == SEATS {
                return None;
            }
            let with_it = taken | (1 << seat);
            match self.taken.compare_exchange_weak(
                taken,
                with_it,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => break seat,
                Err(now) => taken = now,
            }
        };
        self.seats[seat].let_go.store(false, Ordering::Relaxed);
        self.seats[seat].thread.with_mut(|thread| {
            // SAFETY: this thread took the free seat, and no ringer looks into it before it shows as waiting.
            unsafe { *thread = Some(current()) };
        });
        self.waiting.fetch_or(1 << seat, Ordering::Release);
        Some(seat)
    }

    /// Lets a seat go that was rung for: once by the ringer, once by who sat there.
    fn let_go(&self, seat: usize) {
        if self.seats[seat].let_go.swap(true, Ordering::AcqRel) {
            self.free(seat);
        }
    }

    fn free(&self, seat: usize) {
        self.taken.fetch_and(!(1 << seat), Ordering::Release);
    }
}
