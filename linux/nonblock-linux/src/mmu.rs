//! The memory of a process, and the callbacks that a driver gets before it changes.
//!
//! The callbacks' traits are those of `nonblock_mm`: a driver implements [`Invalidate`] or [`InvalidateInterval`] once, for
//! callers that may sleep and callers that must not.
//!
//! No end calls are made, neither `finish` nor `finish_interval`: Linux takes a driver that may refuse only without them.
//! `mmu_interval_notifier` has none, and the collision-retry protocol of [`IntervalSubscription`] needs none.

pub use crate::half::mmu::{IntervalSubscription, Mm, Page, Seq, Subscription};
pub use nonblock_mm::mmu::{
    Event, IntervalNotifier, Invalidate, InvalidateInterval, Notifier, Owner, PAGE_SIZE, Range,
    RangeError,
};
