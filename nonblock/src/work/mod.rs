//! Queues of work. Non-blocking code does not sleep itself, but leaves the work to a thread that may.
//!
//! A [`Queue`] takes items from sections, and passes them to workers. The handlers of the workers are lent a
//! [`Sleepable`](crate::Sleepable). It is modelled on Linux's workqueues (`kernel/workqueue.c`, 6.12). There each work item
//! brings a function. Here all items of a queue have one type, which the user chooses.
//!
//! # What a push does
//!
//! [`Queue::push`] counts the item in, puts it into a ring that was allocated with the queue, and wakes a worker if one waits.
//! It neither allocates nor releases memory, takes no lock, and waits for no thread that sleeps. Its one system call wakes the
//! worker, and does not block: [`Thread::unpark`](std::thread::Thread::unpark), a futex operation on Linux. (On Unix systems
//! where the standard library has neither futexes nor the like, unparking takes a mutex that is held for a few instructions.)
//!
//! The ring is [`ArrayQueue`](https://docs.rs/crossbeam-queue/latest/crossbeam_queue/struct.ArrayQueue.html) of
//! `crossbeam-queue`. It has no lock, but is not wait-free. If a thread loses its processor in the middle of an operation on
//! the ring, other threads can have to wait for it, once they have come round to its slot. Such a thread runs non-blocking code
//! as well. So this is a wait as for a [`SpinLock`](crate::sync::SpinLock), and much rarer.
//!
//! # Without `std`
//!
//! [`Queue`] needs only `alloc`, but the functions that wait need threads. Without `std`, items are taken by
//! [`try_pop`](Queue::try_pop) and [`drain`](Queue::drain).

#[cfg(feature = "std")]
mod busy_count;
mod full;
#[cfg(feature = "std")]
mod live_workers;
mod queue;
mod shared;
mod stats;
#[cfg(feature = "std")]
mod worker;

pub use full::Full;
pub use queue::Queue;
pub use stats::QueueStats;
#[cfg(feature = "std")]
pub use worker::Worker;
