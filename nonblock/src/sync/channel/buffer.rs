//! The values in a channel. A value is put in and taken out without allocating or releasing memory, since the channel is
//! locked then.
#![expect(clippy::linkedlist, reason = "lists are joined and split without allocating")]

use core::hint::black_box;
use core::mem::MaybeUninit;
use std::collections::{LinkedList, VecDeque};
use std::vec::Vec;

/// The values in a channel, in order.
pub(super) enum Buffer<T> {
    /// At most `capacity` values.
    Bounded { values: VecDeque<T>, capacity: usize },
    /// Any number of values. A list, since a vector would allocate when it grows.
    Unbounded(LinkedList<T>),
}

/// A value on its way into a buffer or out of it, with the memory that the buffer needs to hold it.
pub(super) enum Node<T> {
    /// For a bounded buffer, which has its memory already.
    Inline(T),
    /// For an unbounded one: a list of one value, to be joined to the buffer's list.
    Linked(LinkedList<T>),
}

impl<T> Node<T> {
    /// Makes a node for a channel of this capacity. This may allocate, so the channel must not be locked.
    #[inline]
    pub(super) fn new(value: T, capacity: Option<usize>) -> Self {
        if capacity.is_some() {
            Self::Inline(value)
        } else {
            Self::Linked(LinkedList::from([value]))
        }
    }

    /// Takes the value out. This may release memory, so the channel must not be locked.
    #[inline]
    pub(super) fn into_value(self) -> T {
        match self {
            Self::Inline(value) => value,
            Self::Linked(mut list) => list.pop_front().expect("a node holds one value"),
        }
    }
}

impl<T> Buffer<T> {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        match capacity {
            Some(capacity) => Self::Bounded { values: prefaulted(capacity), capacity },
            None => Self::Unbounded(LinkedList::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bounded { values, .. } => values.len(),
            Self::Unbounded(values) => values.len(),
        }
    }

    /// Puts a node at the end, or gives it back if there is no room.
    #[inline]
    pub(super) fn push(&mut self, node: Node<T>) -> Result<(), Node<T>> {
        match (self, node) {
            (Self::Bounded { values, capacity }, Node::Inline(value))
                if values.len() < *capacity =>
            {
                values.push_back(value);
                Ok(())
            }
            (Self::Unbounded(values), Node::Linked(mut one)) => {
                values.append(&mut one);
                Ok(())
            }
            // The buffer is full. A node of the other kind never comes here: each is made for its channel.
            (_, node) => Err(node),
        }
    }

    /// Takes the first value out.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Node<T>> {
        match self {
            Self::Bounded { values, .. } => values.pop_front().map(Node::Inline),
            Self::Unbounded(values) if values.is_empty() => None,
            Self::Unbounded(values) => {
                let rest = values.split_off(1);
                Some(Node::Linked(core::mem::replace(values, rest)))
            }
        }
    }

    /// Takes everything out, so that the caller can drop it when the channel is not locked. No value comes after that.
    pub(super) fn take_all(&mut self) -> Self {
        core::mem::replace(self, Self::Unbounded(LinkedList::new()))
    }
}

/// Makes a buffer of this capacity and writes to all of its memory, so that no value that is put in later meets a page
/// fault.
fn prefaulted<T>(capacity: usize) -> VecDeque<T> {
    // A type without a size needs no memory: its vector has room for any number.
    if size_of::<T>() == 0 {
        return VecDeque::new();
    }
    let mut values = Vec::with_capacity(capacity);
    for room in values.spare_capacity_mut() {
        // Hidden from the optimizer. It would else ask the system for zeroed memory, whose pages are not there until they
        // are written to.
        *room = black_box(MaybeUninit::zeroed());
    }
    black_box(&mut values);
    VecDeque::from(values)
}
