//! What a channel holds, and how a value is put in and taken out with nothing allocated or released meanwhile.

use core::hint::black_box;
use core::mem::MaybeUninit;
use std::collections::{LinkedList, VecDeque};
use std::vec::Vec;

/// A list of values, joined and split without allocating: a vector would grow with the channel locked.
type List<T> = LinkedList<T>;

/// The values in a channel, in order.
pub(super) enum Items<T> {
    /// Not more than there is room for.
    Bounded { values: VecDeque<T>, capacity: usize },
    /// Any number.
    Unbounded(List<T>),
}

/// A value on its way in or out, in what it takes to hold it.
pub(super) enum Parcel<T> {
    Bare(T),
    /// A list of one.
    Linked(List<T>),
}

impl<T> Parcel<T> {
    /// Packs a value for a channel, which is not locked: this may allocate.
    pub(super) fn pack(value: T, capacity: Option<usize>) -> Self {
        if capacity.is_some() { Self::Bare(value) } else { Self::Linked(List::from([value])) }
    }

    /// Unpacks the value. The channel is not locked: this may release memory.
    pub(super) fn unpack(self) -> T {
        match self {
            Self::Bare(value) => value,
            Self::Linked(mut list) => list.pop_front().expect("a parcel holds one value"),
        }
    }
}

impl<T> Items<T> {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        match capacity {
            Some(capacity) => Self::Bounded { values: touched(capacity), capacity },
            None => Self::Unbounded(List::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bounded { values, .. } => values.len(),
            Self::Unbounded(values) => values.len(),
        }
    }

    /// Puts a parcel last, or gives it back if there is no room.
    pub(super) fn put(&mut self, parcel: Parcel<T>) -> Result<(), Parcel<T>> {
        match (self, parcel) {
            (Self::Bounded { values, capacity }, Parcel::Bare(value))
                if values.len() < *capacity =>
            {
                values.push_back(value);
                Ok(())
            }
            (Self::Unbounded(values), Parcel::Linked(mut one)) => {
                values.append(&mut one);
                Ok(())
            }
            // Full: a parcel is always packed for its own channel.
            (_, parcel) => Err(parcel),
        }
    }

    /// Takes the first out.
    pub(super) fn take(&mut self) -> Option<Parcel<T>> {
        match self {
            Self::Bounded { values, .. } => values.pop_front().map(Parcel::Bare),
            Self::Unbounded(values) if values.is_empty() => None,
            Self::Unbounded(values) => {
                let rest = values.split_off(1);
                Some(Parcel::Linked(core::mem::replace(values, rest)))
            }
        }
    }

    /// Takes everything out, to be dropped when the channel is not locked. There will be no more.
    pub(super) fn clear(&mut self) -> Self {
        core::mem::replace(self, Self::Unbounded(List::new()))
    }
}

/// Makes room for so many values, and writes to all of it: so no page of it is missing when the first value is put in, with
/// the channel locked.
fn touched<T>(capacity: usize) -> VecDeque<T> {
    // What has no size lies nowhere, and a vector has room for any number.
    if size_of::<T>() == 0 {
        return VecDeque::new();
    }
    let mut values = Vec::with_capacity(capacity);
    for room in values.spare_capacity_mut() {
        // Opaque, or zeros would be had from the system, as pages that are not there yet.
        *room = black_box(MaybeUninit::zeroed());
    }
    black_box(&mut values);
    VecDeque::from(values)
}
