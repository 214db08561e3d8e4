//! The two ends of a ring, and what they share. All unsafe code of rings is here.
//!
//! # Positions
//!
//! Items are numbered as they are pushed. The *tail* is the number of the next item to push, and the *head* that of the next
//! one to pop. Numbers wrap around. There are `tail - head` items, from 0 to the capacity, and they lie in the slots from the
//! head's on, round the end of the memory. Each end counts its slot along with its number, since a number that wrapped around
//! does not tell the slot unless the capacity is a power of two.
//!
//! # Who may touch which slot
//!
//! Only the write end moves the tail, and only the read end moves the head. A slot that holds no item is the write end's. It
//! writes an item there, and then releases the new tail. The read end acquires the tail, so it finds the item written. From
//! then on the slot is the read end's. It moves the item out, and then releases the new head. The write end acquires the
//! head, so it writes only after that. Each end keeps what it last saw of the other's number. What it kept is old, but never
//! wrong: the items that it shows are there, and so is the room.
//!
//! Nobody looks twice, or waits: each operation is a bounded number of steps.

use alloc::boxed::Box;
use core::hint::black_box;
use core::ptr::{self, NonNull};

use super::slots::Slots;
use crate::cache_padded::CachePadded;
use crate::check::might_sleep_in_drop;
use crate::primitive::{AtomicBool, AtomicUsize, Ordering};

/// What the two ends share.
struct Ring<T> {
    /// The number of the first item. Only the read end stores it.
    head: CachePadded<AtomicUsize>,
    /// The number of the item to come. Only the write end stores it.
    tail: CachePadded<AtomicUsize>,
    slots: Slots<T>,
    /// The slot of the first item, once the read end is gone.
    first: AtomicUsize,
    /// Whether one of the ends is gone.
    abandoned: AtomicBool,
}

impl<T> Ring<T> {
    /// Returns the slot that comes so many after another.
    #[inline]
    fn after(&self, index: usize, n: usize) -> usize {
        let until_end = self.slots.capacity() - index;
        if n < until_end { index + n } else { n - until_end }
    }

    /// Returns the slot that comes after another.
    #[inline]
    fn next(&self, index: usize) -> usize {
        if index + 1 == self.slots.capacity() { 0 } else { index + 1 }
    }

    /// Returns so many slots from one on: those until the end of the memory, and those from its beginning.
    #[inline]
    fn spans(&self, index: usize, n: usize) -> [*mut [T]; 2] {
        let first = n.min(self.slots.capacity() - index);
        [
            ptr::slice_from_raw_parts_mut(self.slots.at(index, first), first),
            ptr::slice_from_raw_parts_mut(self.slots.at(0, n - first), n - first),
        ]
    }

    /// Drops the items in so many slots. If one of them panics, the others are dropped all the same.
    ///
    /// # Safety
    ///
    /// The slots hold items, which are the caller's, and are not used again.
    unsafe fn drop_items(&self, index: usize, n: usize) {
        let [first, second] = self.spans(index, n);
        let _second = DropInPlace(second);
        // SAFETY: the caller says so.
        unsafe { first.drop_in_place() };
    }

    /// Takes leave of one of the ends. The second one frees the ring.
    ///
    /// # Safety
    ///
    /// The ring was made by [`new`]. Each end calls this once, and does not touch the ring again.
    unsafe fn leave(ring: NonNull<Self>) {
        // No reference to the whole: as soon as the flag is set, the other end may free it.
        // SAFETY: this end is there, so the ring is.
        let abandoned = unsafe { &raw const (*ring.as_ptr()).abandoned };
        // SAFETY: as above.
        if unsafe { &*abandoned }.swap(true, Ordering::AcqRel) {
            // It is dropped after the report: that releases memory, and the destructors of the items may do anything.
            // SAFETY: the other end has left too, so nobody else has the ring. It was made as a box.
            let ring = unsafe { Box::from_raw(ring.as_ptr()) };
            might_sleep_in_drop();
            drop(ring);
        }
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        let head = self.head.load(Ordering::Relaxed);
        let n = self.tail.load(Ordering::Relaxed).wrapping_sub(head);
        // SAFETY: these items were pushed and not popped, and both ends are gone.
        unsafe { self.drop_items(self.first.load(Ordering::Relaxed), n) };
    }
}

/// Items that are dropped with this.
struct DropInPlace<T>(*mut [T]);

impl<T> Drop for DropInPlace<T> {
    fn drop(&mut self) {
        // SAFETY: who made it has such items, and does not use them again.
        unsafe { self.0.drop_in_place() };
    }
}

/// Makes a ring, and returns its ends.
pub(super) fn new<T>(capacity: usize) -> (WriteEnd<T>, ReadEnd<T>) {
    // Numbers wrap around in the first round, and not after years: what is wrong about that shows at once.
    let start = capacity.wrapping_neg();
    let ring = Ring {
        head: CachePadded::new(AtomicUsize::new(start)),
        tail: CachePadded::new(AtomicUsize::new(start)),
        slots: Slots::new(capacity),
        first: AtomicUsize::new(0),
        abandoned: AtomicBool::new(false),
    };
    // Every page is written to, so that no push meets a page fault. The pointer is hidden from the optimizer. It would else
    // ask the system for zeroed memory, whose pages are not there until they are written to.
    let memory: *mut T = black_box(ring.slots.at(0, capacity));
    // SAFETY: there are so many slots, and nobody else has them. Any bytes will do where there is no item.
    unsafe { memory.write_bytes(0, capacity) };
    let ring = NonNull::from(Box::leak(Box::new(ring)));
    let write_end = WriteEnd { ring, tail: start, index: 0, head: start };
    (write_end, ReadEnd { ring, head: start, index: 0, tail: start })
}

/// The end at which items are pushed. It has cache lines of its own, wherever its owner puts it beside the other end.
#[repr(align(128))]
pub(super) struct WriteEnd<T> {
    ring: NonNull<Ring<T>>,
    tail: usize,
    /// The slot of the tail.
    index: usize,
    /// The head, as it was last seen.
    head: usize,
}

// SAFETY: items are sent from one end to the other, and the ends share nothing else but atomics. No item is shared.
unsafe impl<T: Send> Send for WriteEnd<T> {}

impl<T> WriteEnd<T> {
    #[inline]
    fn ring(&self) -> &Ring<T> {
        // SAFETY: the ring is there as long as one of its ends is. Nobody has an exclusive reference to it.
        unsafe { self.ring.as_ref() }
    }

    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.ring().slots.capacity()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.ring().abandoned.load(Ordering::Acquire)
    }

    /// Returns how many items are in the ring.
    pub(super) fn len(&self) -> usize {
        self.tail.wrapping_sub(self.ring().head.load(Ordering::Acquire))
    }

    #[inline]
    fn room_seen(&self) -> usize {
        self.capacity() - self.tail.wrapping_sub(self.head)
    }

    /// Returns for how many items there is room, up to so many. It looks at the other end only where that may tell more.
    #[inline]
    fn room(&mut self, most: usize) -> usize {
        if self.room_seen() < most {
            self.head = self.ring().head.load(Ordering::Acquire);
        }
        self.room_seen().min(most)
    }

    /// Gives the items in the next slots to the other end.
    ///
    /// # Safety
    ///
    /// There is room for so many, and items were written there.
    #[inline]
    unsafe fn publish(&mut self, n: usize) {
        self.index = self.ring().after(self.index, n);
        self.tail = self.tail.wrapping_add(n);
        self.ring().tail.store(self.tail, Ordering::Release);
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) -> Result<(), T> {
        if self.room_seen() == 0 && self.room(1) == 0 {
            return Err(item);
        }
        let slot = self.ring().slots.at(self.index, 1);
        // SAFETY: there is room, so the slot is this end's, and holds no item.
        unsafe { slot.write(item) };
        // As `publish`, for one: shorter by a few instructions.
        let ring = self.ring();
        let (index, tail) = (ring.next(self.index), self.tail.wrapping_add(1));
        ring.tail.store(tail, Ordering::Release);
        self.index = index;
        self.tail = tail;
        Ok(())
    }

    /// Pushes the first items, as many as there is room for, and returns how many.
    #[inline]
    pub(super) fn push_slice(&mut self, items: &[T]) -> usize
    where
        T: Copy,
    {
        let n = self.room(items.len());
        let [first, second] = self.ring().spans(self.index, n);
        let (items, others) = items[..n].split_at(first.len());
        // SAFETY: there is room for `n` items, so these slots are this end's. What they are written from is not in the ring.
        unsafe { first.cast::<T>().copy_from_nonoverlapping(items.as_ptr(), items.len()) };
        // SAFETY: as above.
        unsafe { second.cast::<T>().copy_from_nonoverlapping(others.as_ptr(), others.len()) };
        // SAFETY: they were just written.
        unsafe { self.publish(n) };
        n
    }

    /// Writes items of an iterator into the next slots, up to so many, and as many as there is room for.
    ///
    /// If the iterator panics, the items that were written are dropped.
    #[inline]
    pub(super) fn write(
        &mut self,
        most: usize,
        mut items: impl Iterator<Item = T>,
    ) -> Written<'_, T> {
        let room = self.room(most);
        let mut written = Written { end: self, n: 0 };
        for span in written.end.ring().spans(written.end.index, room) {
            for offset in 0..span.len() {
                // An item that is asked for has its slot.
                let Some(item) = items.next() else { return written };
                let slot = span.cast::<T>().wrapping_add(offset);
                // SAFETY: there is room for all of the span, so the slot is this end's, and holds no item.
                unsafe { slot.write(item) };
                written.n += 1;
            }
        }
        written
    }
}

impl<T> Drop for WriteEnd<T> {
    fn drop(&mut self) {
        // SAFETY: this end is dropped once, and its fields are not used after this.
        unsafe { Ring::leave(self.ring) };
    }
}

/// Items that are written, and that the other end does not see yet.
pub(super) struct Written<'a, T> {
    end: &'a mut WriteEnd<T>,
    n: usize,
}

impl<T> Written<'_, T> {
    pub(super) fn len(&self) -> usize {
        self.n
    }

    pub(super) fn slices(&self) -> (&[T], &[T]) {
        let [first, second] = self.end.ring().spans(self.end.index, self.n);
        // SAFETY: so many items were written, and they are this end's until they are published, which takes `self`.
        let first = unsafe { &*first };
        // SAFETY: as above.
        (first, unsafe { &*second })
    }

    #[inline]
    pub(super) fn slices_mut(&mut self) -> (&mut [T], &mut [T]) {
        let [first, second] = self.end.ring().spans(self.end.index, self.n);
        // SAFETY: so many items were written, and they are this end's until they are published, which takes `self`. The two
        // are different slots.
        let first = unsafe { &mut *first };
        // SAFETY: as above.
        (first, unsafe { &mut *second })
    }

    /// Gives the first items to the other end, and drops the others. Returns how many it gave.
    #[inline]
    pub(super) fn publish(mut self, most: usize) -> usize {
        let n = most.min(self.n);
        let rest = self.n - n;
        // What is dropped here is not dropped again, whatever panics.
        self.n = 0;
        // SAFETY: so many were written.
        unsafe { self.end.publish(n) };
        // SAFETY: these were written behind those that were published, and nobody else knows of them.
        unsafe { self.end.ring().drop_items(self.end.index, rest) };
        n
    }
}

impl<T> Drop for Written<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: so many were written, and they were not published.
        unsafe { self.end.ring().drop_items(self.end.index, self.n) };
    }
}

/// The end at which items are popped. It has cache lines of its own, wherever its owner puts it beside the other end.
#[repr(align(128))]
pub(super) struct ReadEnd<T> {
    ring: NonNull<Ring<T>>,
    head: usize,
    /// The slot of the head.
    index: usize,
    /// The tail, as it was last seen.
    tail: usize,
}

// SAFETY: as for the other end.
unsafe impl<T: Send> Send for ReadEnd<T> {}

impl<T> ReadEnd<T> {
    #[inline]
    fn ring(&self) -> &Ring<T> {
        // SAFETY: the ring is there as long as one of its ends is. Nobody has an exclusive reference to it.
        unsafe { self.ring.as_ref() }
    }

    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.ring().slots.capacity()
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.ring().abandoned.load(Ordering::Acquire)
    }

    /// Returns how many items are in the ring.
    pub(super) fn len(&self) -> usize {
        self.ring().tail.load(Ordering::Acquire).wrapping_sub(self.head)
    }

    #[inline]
    fn seen(&self) -> usize {
        self.tail.wrapping_sub(self.head)
    }

    /// Returns how many items there are, up to so many. It looks at the other end only where that may tell more.
    #[inline]
    pub(super) fn look(&mut self, most: usize) -> usize {
        if self.seen() < most {
            self.tail = self.ring().tail.load(Ordering::Acquire);
        }
        self.seen().min(most)
    }

    /// Takes note that the first items are not in their slots any more. Their slots are still this end's.
    #[inline]
    fn advance(&mut self, n: usize) {
        self.index = self.ring().after(self.index, n);
        self.head = self.head.wrapping_add(n);
    }

    /// Gives the slots before the head to the other end.
    #[inline]
    fn publish(&mut self) {
        self.ring().head.store(self.head, Ordering::Release);
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.seen() == 0 && self.look(1) == 0 {
            return None;
        }
        let slot = self.ring().slots.at(self.index, 1);
        // SAFETY: there is an item, which is this end's. The slot counts as empty from the next line on.
        let item = unsafe { slot.read() };
        let ring = self.ring();
        let (index, head) = (ring.next(self.index), self.head.wrapping_add(1));
        ring.head.store(head, Ordering::Release);
        self.index = index;
        self.head = head;
        Some(item)
    }

    /// Copies the first items out, as many as there are and the slice has room for. Returns how many.
    #[inline]
    pub(super) fn pop_slice(&mut self, items: &mut [T]) -> usize
    where
        T: Copy,
    {
        let n = self.look(items.len());
        let [first, second] = self.ring().spans(self.index, n);
        let (items, others) = items[..n].split_at_mut(first.len());
        // SAFETY: there are `n` items, which are this end's. What they are written to is not in the ring.
        unsafe { first.cast::<T>().copy_to_nonoverlapping(items.as_mut_ptr(), items.len()) };
        // SAFETY: as above.
        unsafe { second.cast::<T>().copy_to_nonoverlapping(others.as_mut_ptr(), others.len()) };
        self.advance(n);
        self.publish();
        n
    }

    /// Lends the first items, up to so many of those that were seen.
    #[inline]
    pub(super) fn slices(&self, most: usize) -> (&[T], &[T]) {
        let [first, second] = self.ring().spans(self.index, self.seen().min(most));
        // SAFETY: so many items are there. They are this end's until it pops them, which takes it exclusively.
        let first = unsafe { &*first };
        // SAFETY: as above.
        (first, unsafe { &*second })
    }

    /// As [`slices`](Self::slices), to change them too.
    #[inline]
    pub(super) fn slices_mut(&mut self, most: usize) -> (&mut [T], &mut [T]) {
        let [first, second] = self.ring().spans(self.index, self.seen().min(most));
        // SAFETY: so many items are there. They are this end's, which is borrowed exclusively. The two are different slots.
        let first = unsafe { &mut *first };
        // SAFETY: as above.
        (first, unsafe { &mut *second })
    }

    /// Drops the first items, up to so many of those that were seen. Returns how many.
    #[inline]
    pub(super) fn discard(&mut self, most: usize) -> usize {
        let n = most.min(self.seen());
        let index = self.index;
        self.advance(n);
        // Published when the items are gone, also if one of them panics.
        let taking = Taking { end: self, left: 0 };
        // SAFETY: so many items were there from this slot on. They do not count any more, and their slots are not yet given back.
        unsafe { taking.end.ring().drop_items(index, n) };
        n
    }

    /// Takes the first items out one by one, up to so many of those that were seen.
    pub(super) fn take(&mut self, most: usize) -> Taking<'_, T> {
        let left = most.min(self.seen());
        Taking { end: self, left }
    }
}

impl<T> Drop for ReadEnd<T> {
    fn drop(&mut self) {
        // A forgotten iterator has given no slots back.
        self.publish();
        self.ring().first.store(self.index, Ordering::Relaxed);
        // SAFETY: this end is dropped once, and its fields are not used after this.
        unsafe { Ring::leave(self.ring) };
    }
}

/// Takes items out one by one. Their slots are given back when this is dropped.
pub(super) struct Taking<'a, T> {
    end: &'a mut ReadEnd<T>,
    left: usize,
}

impl<T> Taking<'_, T> {
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn slices(&self) -> (&[T], &[T]) {
        self.end.slices(self.left)
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        let slot = self.end.ring().slots.at(self.end.index, 1);
        // SAFETY: so many items were seen as were to be taken. The slot counts as empty from the next line on.
        let item = unsafe { slot.read() };
        self.end.advance(1);
        Some(item)
    }
}

impl<T> Drop for Taking<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.end.publish();
    }
}
