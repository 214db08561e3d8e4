//! Queues of work: code that must not sleep leaves work to a thread that may.
//!
//! Sections push items into a [`Queue`], and its workers take them out. A worker is a thread: for each item it calls a handler,
//! and lends it a [`Sleepable`](crate::Sleepable). The model is Linux's workqueue (`kernel/workqueue.c`, 6.12), with one
//! difference: there each work item brings its own function. Here all items of a queue have one type, and a worker one handler.
//!
//! # What a push does
//!
//! [`Queue::push`] puts the item into a ring that was allocated with the queue, and wakes a worker if one waits. It neither
//! allocates nor releases memory, takes no lock, and waits for no other thread. Its one system call wakes the worker, and does
//! not block: [`Thread::unpark`](std::thread::Thread::unpark), a futex operation on Linux. (On Unix systems where the standard
//! library has neither futexes nor the like, unparking takes a mutex that is held for a few instructions.)
//!
//! Pushing and taking out are lock-free, also where other threads lose their processors halfway. Suppose that a thread has claimed
//! a slot of the ring and has not filled it yet. Then whoever comes to this slot finds nothing yet, though later slots may hold
//! items, and goes on with other things. And whoever pushes finds the queue full while a slot is claimed to be emptied, and is
//! not empty yet. The ring is Dmitry Vyukov's, with sequence numbers in its slots, as `crossbeam-queue` has it, where a
//! thread spins in these cases until the other goes on (`ArrayQueue::pop` and `push`, 0.3.14).
//!
//! # From one thread to one other
//!
//! Where one thread pushes and one pops, [`ring`](mod@ring) is wait-free, and takes slices too. It wakes nobody.
//!
//! # Without `std`
//!
//! [`Queue`] needs only `alloc`, but the functions that wait need threads. Without `std`, items are taken by
//! [`try_pop`](Queue::try_pop) and [`drain`](Queue::drain).

mod full;
#[cfg(feature = "std")]
mod live_workers;
mod queue;
pub mod ring;
mod shared;
mod stats;
#[cfg(feature = "std")]
mod worker;
#[cfg(feature = "std")]
mod worker_seq;

pub use full::Full;
pub use queue::Queue;
pub use ring::ring;
pub use stats::QueueStats;
#[cfg(feature = "std")]
pub use worker::Worker;
