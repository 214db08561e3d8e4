//! Everything that a model checker replaces: atomics, cells, threads, locks, clocks, and the ring of `work`.
//!
//! The rest of the crate imports these from here only. The models in `tests/tests/loom_*` compile the library's files with a
//! `primitive` of their own, which has the types of the model checker.

#![allow(unused_imports, reason = "each set of features uses a part of it")]

pub(crate) use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence,
};
#[cfg(feature = "work")]
pub(crate) use crossbeam_queue::ArrayQueue;
#[cfg(feature = "std")]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
#[cfg(feature = "std")]
pub(crate) use std::thread::{Thread, current, park, sleep};
#[cfg(feature = "std")]
pub(crate) use std::time::Instant;

/// How many threads can wait for one [`EventCount`](crate::event_count::EventCount). Each has a bit of a word.
#[cfg(all(feature = "work", feature = "std"))]
pub(crate) const EVENT_COUNT_SLOTS: usize = usize::BITS as usize;

/// How many shards of reader counters an [`Rcu`](crate::rcu::Rcu) has. It is a power of two, so that a bit mask turns
/// any number into the number of a shard.
#[cfg(feature = "sync")]
pub(crate) const RCU_SHARDS: usize = 16;

/// How many replaced values an [`Rcu`](crate::rcu::Rcu) keeps before a writer that waits for nobody looks whether readers are
/// left.
#[cfg(feature = "sync")]
pub(crate) const RCU_MAX_RETIRED: usize = 8;

/// Declares a thread-local cell without a destructor. It can be used while the thread is torn down, and its first use takes no
/// lock of the dynamic loader.
#[cfg(feature = "sync")]
macro_rules! per_thread {
    ($(#[$attribute:meta])* static $name:ident: $value:ty = $start:expr;) => {
        std::thread_local! {
            $(#[$attribute])*
            static $name: core::cell::Cell<$value> = const { core::cell::Cell::new($start) };
        }
    };
}
#[cfg(feature = "sync")]
pub(crate) use per_thread;

/// An `UnsafeCell` with the methods that the cell of the model checker has.
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg_attr(
    not(all(feature = "work", feature = "std")),
    allow(dead_code, reason = "only `work` has one")
)]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// Lends a pointer for reading.
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Lends a pointer for writing.
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}
