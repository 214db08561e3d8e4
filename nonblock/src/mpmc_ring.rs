//! A bounded ring for many producers and many consumers, beneath the channels, the queue of work and `Reserve`.
//!
//! The algorithm is Dmitry Vyukov's bounded MPMC queue of 2010, with positions that consist of a lap and an index, and a bit in
//! the tail that closes the ring, as `crossbeam-channel` 0.5 has them.
//!
//! # Slots, stamps and positions
//!
//! A position counts upwards: the index of a slot in its low bits, above it the bit of [`closed`](MpmcRing::close), above that
//! the lap. Each slot has a stamp, which tells for which position it is ready next:
//!
//! | stamp | the slot | who goes on |
//! |---|---|---|
//! | the position | is empty | the producer that claims this position |
//! | the position + 1 | holds the value of this position | the consumer that claims this position |
//! | the position a lap later | is empty again | the producer of the next lap |
//!
//! A producer claims a position by moving the tail on, writes the value, and then stamps the slot. A consumer does the same at
//! the head. Claiming is one compare-and-exchange; if it fails, another thread has got further. So no thread waits for another:
//! pushing and popping are lock-free. They neither allocate nor release memory, and make no system call.
//!
//! # What is half done
//!
//! A producer that lost its processor between claiming and stamping has a claimed slot that is not filled. Consumers that come to
//! this slot find nothing yet, although later slots may be filled: they are told [`Empty::Soon`], and go on with what else they
//! have to do. The same goes for producers that come to a slot which a consumer has claimed and not emptied.
//!
//! A thread that keeps its processor is done with such a slot within some nanoseconds. So the others look again, a small number
//! of times, before they say so.
//!
//! # Whoever waits
//!
//! The tail and the head are changed by `SeqCst` read-modify-writes, and whether the ring is empty or full is told by them
//! alone. So who gets in line at an event count, and then finds the ring empty, is seen by every producer that moves the tail on
//! later (see `event_count`).

use alloc::boxed::Box;
use core::hint::black_box;
use core::mem::MaybeUninit;

use crate::cache_padded::CachePadded;
use crate::primitive::{AtomicUsize, LOOKS_AT_A_HALF_DONE_SLOT, Ordering, UnsafeCell};

/// A ring of a fixed capacity.
pub(crate) struct MpmcRing<T> {
    tail: CachePadded<AtomicUsize>,
    head: CachePadded<AtomicUsize>,
    slots: Box<[Slot<T>]>,
    /// The bit of a tail that says that the ring is closed. It is above all indices; one lap is twice as much.
    closed: usize,
}

struct Slot<T> {
    stamp: AtomicUsize,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a value is written by the one producer that claimed its position, and taken by the one consumer that did. The stamp
// orders the two. So the ring moves values between threads, and lends none.
unsafe impl<T: Send> Sync for MpmcRing<T> {}

/// Why nothing was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// All slots are taken.
    Full,
    /// A consumer is in the middle of emptying the slot.
    Soon,
    /// The ring is closed.
    Closed,
}

/// Why nothing was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// There is nothing.
    Now,
    /// A producer is in the middle of filling the slot.
    Soon,
    /// There is nothing, and nothing comes any more.
    Closed,
}

impl<T> MpmcRing<T> {
    /// Makes an empty ring, and touches all its memory, so that no later operation meets a page fault.
    ///
    /// # Panics
    ///
    /// If the capacity is 0, or larger than an eighth of what a `usize` counts.
    #[track_caller]
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self::starting_at_lap(capacity, 0)
    }

    /// As [`with_capacity`](Self::with_capacity), as if it had been filled and emptied so many times.
    #[track_caller]
    pub(crate) fn starting_at_lap(capacity: usize, lap: usize) -> Self {
        assert!(capacity > 0, "a ring of 0 slots takes nothing: expected at least 1");
        assert!(capacity <= usize::MAX / 8, "a ring of {capacity} slots does not fit in memory");
        let closed = (capacity + 1).next_power_of_two();
        let start = lap.wrapping_mul(closed * 2);
        let slots = (0..capacity).map(|index| Slot {
            stamp: AtomicUsize::new(start + index),
            // Hidden from the optimizer, which would else leave the memory as it is. Its pages are not there until they are
            // written to.
            value: UnsafeCell::new(black_box(MaybeUninit::zeroed())),
        });
        Self {
            tail: CachePadded::new(AtomicUsize::new(start)),
            head: CachePadded::new(AtomicUsize::new(start)),
            slots: slots.collect(),
            closed,
        }
    }

    /// Puts a value in and returns its position, or returns the value with the reason.
    #[inline]
    pub(crate) fn push(&self, value: T) -> Result<usize, (T, NoRoom)> {
        match self.claim_tail() {
            Ok((slot, tail)) => {
                // SAFETY: this thread claimed the position, so the slot is empty and nobody else reaches it before the stamp.
                slot.value.with_mut(|place| unsafe { (*place).write(value) });
                slot.stamp.store(tail.wrapping_add(1), Ordering::Release);
                Ok(tail)
            }
            Err(reason) => Err((value, reason)),
        }
    }

    #[inline]
    fn claim_tail(&self) -> Result<(&Slot<T>, usize), NoRoom> {
        // Acquires what was done before the ring was closed.
        let mut tail = self.tail.load(Ordering::Acquire);
        let mut looks = 0;
        loop {
            if tail & self.closed != 0 {
                return Err(NoRoom::Closed);
            }
            let slot = self.slot(tail);
            if slot.stamp.load(Ordering::Acquire) == tail {
                match self.tail.compare_exchange_weak(
                    tail,
                    self.next(tail),
                    Ordering::SeqCst,
                    Ordering::Acquire,
                ) {
                    Ok(_) => return Ok((slot, tail)),
                    Err(now) => tail = now,
                }
            } else {
                let now = self.tail.load(Ordering::Acquire);
                if now == tail {
                    let reason = self.why_no_room(tail);
                    if reason != NoRoom::Soon || looks == LOOKS_AT_A_HALF_DONE_SLOT {
                        return Err(reason);
                    }
                    looks += 1;
                    core::hint::spin_loop();
                }
                tail = now;
            }
        }
    }

    /// Tells why the slot of the tail is not empty.
    #[cold]
    fn why_no_room(&self, tail: usize) -> NoRoom {
        let head = self.head.load(Ordering::SeqCst);
        if head.wrapping_add(self.one_lap()) == tail { NoRoom::Full } else { NoRoom::Soon }
    }

    /// Takes the first value out, or tells why there is none.
    #[inline]
    pub(crate) fn pop(&self) -> Result<T, Empty> {
        let mut head = self.head.load(Ordering::Relaxed);
        let mut looks = 0;
        loop {
            let slot = self.slot(head);
            if slot.stamp.load(Ordering::Acquire) == head.wrapping_add(1) {
                match self.head.compare_exchange_weak(
                    head,
                    self.next(head),
                    Ordering::SeqCst,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => {
                        // SAFETY: this thread claimed the position, and the stamp said that its producer has written the
                        // value. Nobody else takes it, or writes to the slot, before the stamp.
                        let value = slot.value.with(|place| unsafe { place.cast::<T>().read() });
                        let next_lap = head.wrapping_add(self.one_lap());
                        slot.stamp.store(next_lap, Ordering::Release);
                        return Ok(value);
                    }
                    Err(now) => head = now,
                }
            } else {
                let now = self.head.load(Ordering::Relaxed);
                if now == head {
                    let reason = self.why_empty(head);
                    if reason != Empty::Soon || looks == LOOKS_AT_A_HALF_DONE_SLOT {
                        return Err(reason);
                    }
                    looks += 1;
                    core::hint::spin_loop();
                }
                head = now;
            }
        }
    }

    /// Tells why the slot of the head is not filled.
    #[cold]
    fn why_empty(&self, head: usize) -> Empty {
        let tail = self.tail.load(Ordering::SeqCst);
        if tail == head {
            Empty::Now
        } else if tail == head | self.closed {
            Empty::Closed
        } else {
            Empty::Soon
        }
    }

    /// Refuses every push from now on. Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        self.tail.fetch_or(self.closed, Ordering::SeqCst) & self.closed == 0
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.tail.load(Ordering::SeqCst) & self.closed != 0
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Returns how many values are in, with those that are just being put in, without those that are just being taken out.
    pub(crate) fn len(&self) -> usize {
        // The head first: it is never ahead of the tail.
        let head = self.head.load(Ordering::SeqCst);
        self.distance(head, self.tail.load(Ordering::SeqCst)).min(self.capacity())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.emptiness().is_some()
    }

    /// Tells whether the ring is empty, or empty for good. `None` if a value is there, or about to be.
    pub(crate) fn emptiness(&self) -> Option<Empty> {
        let head = self.head.load(Ordering::SeqCst);
        Some(self.why_empty(head)).filter(|empty| *empty != Empty::Soon)
    }

    pub(crate) fn is_full(&self) -> bool {
        let tail = self.end();
        self.head.load(Ordering::SeqCst).wrapping_add(self.one_lap()) == tail
    }

    /// Returns how many values were put in, since the ring was made. On 32-bit targets the count begins anew.
    pub(crate) fn pushed(&self) -> usize {
        self.count(self.tail.load(Ordering::SeqCst))
    }

    /// Returns how many values were taken out, since the ring was made. On 32-bit targets the count begins anew.
    pub(crate) fn popped(&self) -> usize {
        self.count(self.head.load(Ordering::SeqCst))
    }

    /// Returns the position behind all that were pushed to.
    pub(crate) fn end(&self) -> usize {
        self.tail.load(Ordering::SeqCst) & !self.closed
    }

    /// Says whether everything that was pushed before this [`end`](Self::end) was taken out.
    pub(crate) fn is_popped_up_to(&self, end: usize) -> bool {
        // Positions may wrap around.
        self.head.load(Ordering::SeqCst).wrapping_sub(end).cast_signed() >= 0
    }

    /// Returns how many values there are from the head up to a position that was pushed to, and where the head is.
    pub(crate) fn held_up_to(&self, position: usize) -> (usize, usize) {
        let head = self.head.load(Ordering::Relaxed);
        let after = self.next(position);
        // Consumers may have taken it out already.
        let is_past = after.wrapping_sub(head).cast_signed() < 0;
        (if is_past { 0 } else { self.distance(head, after).min(self.capacity()) }, head)
    }

    /// Returns the position so many after another, up to the capacity.
    pub(crate) fn position_after(&self, position: usize, many: usize) -> usize {
        let index = (position & (self.closed - 1)) + many;
        let lap = position & !(self.one_lap() - 1);
        if index < self.slots.len() {
            lap + index
        } else {
            lap.wrapping_add(self.one_lap()) + (index - self.slots.len())
        }
    }

    const fn one_lap(&self) -> usize {
        self.closed * 2
    }

    fn slot(&self, position: usize) -> &Slot<T> {
        &self.slots[position & (self.closed - 1)]
    }

    /// Returns the position after this one.
    fn next(&self, position: usize) -> usize {
        if (position & (self.closed - 1)) + 1 < self.slots.len() {
            position + 1
        } else {
            (position & !(self.one_lap() - 1)).wrapping_add(self.one_lap())
        }
    }

    /// Returns how many positions there are before this one.
    fn count(&self, position: usize) -> usize {
        let lap = position >> self.one_lap().trailing_zeros();
        lap.wrapping_mul(self.slots.len()).wrapping_add(position & (self.closed - 1))
    }

    /// Returns how many positions lie from one up to another, which is not before it and less than all laps away.
    fn distance(&self, from: usize, to: usize) -> usize {
        let laps = (to & !(self.one_lap() - 1)).wrapping_sub(from & !(self.one_lap() - 1));
        let laps = laps >> self.one_lap().trailing_zeros();
        (laps * self.slots.len() + (to & (self.closed - 1))) - (from & (self.closed - 1))
    }
}

impl<T> Drop for MpmcRing<T> {
    fn drop(&mut self) {
        /// Goes on where the destructor of a value has panicked.
        struct PopRest<'a, T>(&'a MpmcRing<T>);

        impl<T> Drop for PopRest<'_, T> {
            fn drop(&mut self) {
                while self.0.pop().is_ok() {}
            }
        }

        if core::mem::needs_drop::<T>() {
            let rest = PopRest(self);
            while rest.0.pop().is_ok() {}
        }
    }
}
