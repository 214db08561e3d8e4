//! What an unbounded channel holds: rings, each twice as large as the one before, in a linked list.
//!
//! Values go into the last ring. If that is full, a sender links a larger one behind it and closes it, so every value of a ring
//! was put in before any value of the next. Receivers take from the first ring that may hold values. If that is closed and empty,
//! they go on to the next.
//!
//! A ring that was emptied stays where it is until the list is dropped: a thread that lost its processor may still look at it, and
//! a receiver in a section must neither wait for such a thread nor release memory. All rings before the last are together not
//! larger than the last. So the memory is at most four times what the fullest time needed, and a channel that has grown to what
//! its users need allocates no more.
//!
//! There is one exception. A receiver that lost its processor while it takes a value out keeps the slot. A sender that comes round to
//! this slot meanwhile cannot wait for it, and links a larger ring too. So a ring also grows to what was sent during such a stop.

use core::ptr;
use std::boxed::Box;

use crate::mpmc_ring::{Empty, MpmcRing, NoRoom};
use crate::primitive::{AtomicPtr, FIRST_RING_CAPACITY, Ordering};

/// Any number of values.
pub(super) struct LinkedRings<T> {
    oldest: *mut Node<T>,
    /// The node to receive from, or one before it.
    first: AtomicPtr<Node<T>>,
    /// The node to send to, or one before it.
    last: AtomicPtr<Node<T>>,
}

struct Node<T> {
    ring: MpmcRing<T>,
    /// Null while this is the last node, and [`end`] if none may follow.
    next: AtomicPtr<Node<T>>,
}

// SAFETY: nodes are reached by shared references alone until the list is dropped, and are `Sync` where values are `Send`.
unsafe impl<T: Send> Sync for LinkedRings<T> {}

// SAFETY: as above. The list owns its nodes.
unsafe impl<T: Send> Send for LinkedRings<T> {}

/// Stands in place of a node that may not follow. It is never looked into.
const fn end<T>() -> *mut Node<T> {
    ptr::dangling_mut()
}

impl<T> Node<T> {
    fn new(capacity: usize) -> *mut Self {
        let next = AtomicPtr::new(ptr::null_mut());
        Box::into_raw(Box::new(Self { ring: MpmcRing::with_capacity(capacity), next }))
    }

    fn next(&self) -> Option<*mut Self> {
        let next = self.next.load(Ordering::Acquire);
        (!next.is_null() && next != end()).then_some(next)
    }

    /// Lets this node follow, if none does yet. Returns whether it does.
    fn set_next(&self, next: *mut Self) -> bool {
        let null = ptr::null_mut();
        self.next.compare_exchange(null, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl<T> LinkedRings<T> {
    pub(super) fn new() -> Self {
        let oldest = Node::new(FIRST_RING_CAPACITY);
        Self { oldest, first: AtomicPtr::new(oldest), last: AtomicPtr::new(oldest) }
    }

    /// Puts a value last. Returns it if the list was closed.
    #[inline]
    pub(super) fn push(&self, value: T) -> Result<(), T> {
        match self.node(self.last.load(Ordering::Acquire)).ring.push(value) {
            Ok(_) => Ok(()),
            Err((value, _)) => self.push_further(value),
        }
    }

    /// Puts a value into the last ring there is, or into a new one.
    #[cold]
    fn push_further(&self, mut value: T) -> Result<(), T> {
        loop {
            let last = self.last.load(Ordering::Acquire);
            let node = self.node(last);
            match node.ring.push(value) {
                Ok(_) => return Ok(()),
                Err((back, NoRoom::Closed)) => {
                    let Some(next) = node.next() else { return Err(back) };
                    advance(&self.last, last, next);
                    value = back;
                }
                Err((back, NoRoom::Full | NoRoom::Soon)) => {
                    grow(node);
                    value = back;
                }
            }
        }
    }

    /// Takes the first value out, or tells why there is none.
    #[inline]
    pub(super) fn pop(&self) -> Result<T, Empty> {
        match self.node(self.first.load(Ordering::Acquire)).ring.pop() {
            Err(Empty::Closed) => self.pop_further(),
            popped => popped,
        }
    }

    /// Takes a value from the first ring that is not closed and empty.
    #[cold]
    fn pop_further(&self) -> Result<T, Empty> {
        loop {
            let first = self.first.load(Ordering::Acquire);
            let node = self.node(first);
            // The next node was linked before the ring was closed.
            match (node.ring.pop(), node.next()) {
                (Err(Empty::Closed), Some(next)) => advance(&self.first, first, next),
                (popped, _) => return popped,
            }
        }
    }

    /// Refuses every push from now on, unless it has begun.
    pub(super) fn close(&self) {
        let mut node = self.node(self.last.load(Ordering::Acquire));
        loop {
            // No node may follow, so that a sender that found the ring full links none. If one does, it is closed in its turn.
            node.set_next(end());
            node.ring.close();
            match node.next() {
                Some(next) => node = self.node(next),
                None => return,
            }
        }
    }

    /// Returns how many values there are.
    pub(super) fn len(&self) -> usize {
        self.nodes().map(|node| node.ring.len()).sum()
    }

    /// Says whether nothing is there, and nothing is about to be.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes().all(|node| node.ring.is_empty())
    }

    /// The nodes that may hold values.
    fn nodes(&self) -> impl Iterator<Item = &Node<T>> {
        let first = self.node(self.first.load(Ordering::Acquire));
        core::iter::successors(Some(first), |node| node.next().map(|next| self.node(next)))
    }

    #[inline]
    fn node(&self, node: *mut Node<T>) -> &Node<T> {
        let _ = self;
        // SAFETY: it was linked, so it stays until the list is dropped, and the reference borrows the list.
        unsafe { &*node }
    }
}

/// Links a larger ring behind a node, if none is there, and closes the ring of the node.
fn grow<T>(node: &Node<T>) {
    let larger = Node::new(node.ring.capacity() * 2);
    if !node.set_next(larger) {
        // SAFETY: it was made above, and was not linked.
        drop(unsafe { Box::from_raw(larger) });
    }
    node.ring.close();
}

/// Moves a pointer on from a node to the next, unless another thread has.
fn advance<T>(which: &AtomicPtr<Node<T>>, from: *mut Node<T>, to: *mut Node<T>) {
    // If it fails, the pointer is further on already.
    let _ = which.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
}

impl<T> Drop for LinkedRings<T> {
    fn drop(&mut self) {
        drop(Release(self.oldest));
    }
}

/// Releases a node and all behind it, if there is one.
struct Release<T>(*mut Node<T>);

impl<T> Drop for Release<T> {
    fn drop(&mut self) {
        if self.0.is_null() || self.0 == end() {
            return;
        }
        // SAFETY: nodes are made of boxes, and the list that is dropped owns them. This is the only way to each.
        let node = unsafe { Box::from_raw(self.0) };
        // Those behind it come after it, also if the destructor of a value panics. Rings double, so there are few.
        let _behind = Release(node.next.load(Ordering::Relaxed));
        drop(node);
    }
}
