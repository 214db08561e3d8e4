//! The memory of a process, and the callbacks that a driver gets before it changes.
//!
//! The callbacks' traits are those of `nonblock_mm`: a driver implements [`Invalidate`] or [`InvalidateInterval`] once, for
//! callers that may sleep and callers that must not.
//!
//! # Calls that are not made
//!
//! As Linux has it (`mm/mmu_notifier.c`, 6.12), so in both halves:
//!
//! * No end calls, neither `finish` nor `finish_interval`. Linux takes a notifier that may refuse only without them, and
//!   `mmu_interval_notifier` has none. The collision-retry protocol of [`IntervalSubscription`] needs none.
//! * No flushes, `arch_invalidate_secondary_tlbs`. Linux does not register a notifier that has both them and the starts.
//!
//! # Refusals of a `Notifier`
//!
//! If a [`Notifier`] refuses, Linux leaves the intervals of the same process that were told before it open: up to a change of
//! November 2026 (6d65925777e), which 6.12.117 does not have, every [`read_begin`](IntervalSubscription::read_begin) of that
//! process then waits for ever, also one of another driver. So refuse by an [`InvalidateInterval`] where you can. It is told first, so
//! a `Notifier` that only follows it has nothing to refuse.

pub use crate::half::mmu::{IntervalSubscription, Mm, Page, Seq, Subscription};
pub use nonblock_mm::mmu::{
    Event, IntervalNotifier, Invalidate, InvalidateInterval, Notifier, Owner, PAGE_SIZE, Range,
    RangeError,
};
