//! What non-blocking code does instead of sleeping: it leaves the work to a thread that may.
//!
//! A [`Queue`] takes items from sections and hands them to workers, whose handlers are lent a
//! [`Sleepable`](crate::Sleepable). After Linux's workqueues (`kernel/workqueue.c`, 6.12), but for one kind of work item,
//! which the caller chooses, in place of a function with each.
//!
//! # What a push does
//!
//! [`Queue::push`] counts itself in, puts the item into a ring that was allocated with the queue, and wakes a worker if one
//! waits. It neither allocates nor releases memory, takes no lock, and waits for no thread that sleeps. Its one system call is
//! the waking, which does not block: [`Thread::unpark`](std::thread::Thread::unpark), a futex operation on Linux. (On Unix
//! systems where the standard library has neither futexes nor the like, unparking takes a mutex that is held for a few
//! instructions.)
//!
//! The ring is [`ArrayQueue`](https://docs.rs/crossbeam-queue/latest/crossbeam_queue/struct.ArrayQueue.html) of
//! `crossbeam-queue`. It has no lock, but is not wait-free: a thread that loses its processor between two instructions of the
//! ring's can hold others up once they have come round to its slot. Such a thread runs non-blocking code as well, so this is
//! the wait that a [`SpinLock`](crate::sync::SpinLock) would be, and much rarer.
//!
//! # Without `std`
//!
//! [`Queue`] needs `alloc` only, but what waits needs threads: without `std`, items are taken by
//! [`try_pop`](Queue::try_pop) and [`drain`](Queue::drain).

mod full;
mod queue;
#[cfg(feature = "std")]
mod seq_count;
mod shared;
mod stats;
#[cfg(feature = "std")]
mod wait_group;
#[cfg(feature = "std")]
mod worker;

pub use full::Full;
pub use queue::Queue;
pub use stats::QueueStats;
#[cfg(feature = "std")]
pub use worker::Worker;
