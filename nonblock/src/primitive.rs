//! Everything that a model checker replaces: atomics, cells, threads, locks and clocks.
//!
//! The rest of the crate imports these from here only. The models in `tests/tests/loom_*` compile the library's files with a
//! `primitive` of their own, which has the types of the model checker.

#![allow(unused_imports, reason = "each set of features uses a part of it")]

#[cfg(all(feature = "sync", not(target_has_atomic = "64")))]
compile_error!(
    "nonblock's feature `sync` needs atomics of 64 bits, which this target does not have: depend on nonblock with \
     `default-features = false`, and use the feature `lock_api` for locks"
);
#[cfg(all(feature = "work", not(target_has_atomic = "ptr")))]
compile_error!(
    "nonblock's feature `work` needs compare-and-swap, which this target does not have: turn it off for this target, \
     and use a queue that is made for the target, such as those of the crate `heapless`"
);

#[cfg(all(feature = "tracing", not(target_has_atomic = "ptr")))]
compile_error!(
    "nonblock's feature `tracing` needs compare-and-swap, which this target does not have: turn it off for this target, \
     and write reports by `Backend::write` or a handler (`nonblock::set_handler`)"
);

#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(target_has_atomic = "64")]
pub(crate) use core::sync::atomic::AtomicU64;
#[cfg(any(target_has_atomic = "ptr", not(feature = "portable-atomic")))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize};
pub(crate) use core::sync::atomic::{Ordering, fence};
#[cfg(all(feature = "portable-atomic", not(target_has_atomic = "ptr")))]
pub(crate) use portable_atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize};
#[cfg(feature = "std")]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
#[cfg(feature = "std")]
pub(crate) use std::thread::{Thread, current, park, park_timeout, sleep};
#[cfg(feature = "std")]
pub(crate) use std::time::Instant;

#[cfg(feature = "sync")]
pub(crate) use crate::asymmetric_fence::{has_heavy_fence, heavy_fence, light_fence};

/// Tells the processor, so many times, that this thread looks again and again.
#[cfg(all(feature = "lock_api", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub(crate) fn spin(times: u32) {
    for _ in 0..times {
        core::hint::spin_loop();
    }
}

/// Stores a value in a word that only this thread changes now.
///
/// It is here since the model checker (loom 0.7.3) lets another thread's exchange change what was there before such a store,
/// which the memory model forbids. In a model it is an exchange too.
#[cfg(all(feature = "lock_api", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
#[inline]
pub(crate) fn release(word: &AtomicUsize, value: usize) {
    word.store(value, Ordering::Release);
}

/// How often a waiter for a spin lock looks before it is overdue. With the growing pauses between, that is some 10 to 100
/// microseconds.
#[cfg(all(feature = "lock_api", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub(crate) const LOOKS_UNTIL_OVERDUE: usize = 32;

/// At how many looks somebody else lets an overdue waiter go first, although the lock is free.
#[cfg(all(feature = "lock_api", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub(crate) const LOOKS_FOR_AN_OVERDUE_WAITER: usize = 16;

/// At how many looks a reader lets an overdue writer go first while others read: for some tens of milliseconds, which is longer
/// than it takes until a reader that lost its processor has it back.
#[cfg(all(feature = "lock_api", any(target_has_atomic = "ptr", feature = "portable-atomic")))]
pub(crate) const LOOKS_FOR_AN_OVERDUE_WRITER: usize = 1 << 16;

/// How often a thread looks for what it waits for before it gets in line: with the pauses of [`relax`], for some microseconds,
/// and then at a few turns of other threads.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
pub(crate) const LOOKS_BEFORE_WAITING: u32 = 10;

/// How often a thread that waits for a lock looks in vain before it is overdue: once at each wake, after
/// [`LOOKS_BEFORE_WAITING`].
#[cfg(all(feature = "std", feature = "lock_api"))]
pub(crate) const LOOKS_UNTIL_OVERDUE_IN_LINE: usize = 16;

/// How many values the first ring of an unbounded channel has room for.
#[cfg(all(feature = "std", feature = "lock_api"))]
pub(crate) const FIRST_RING_CAPACITY: usize = 32;

/// How often a thread looks again at a slot of a ring that another thread is in the middle of filling, or of emptying.
#[cfg(any(feature = "work", all(feature = "std", feature = "lock_api")))]
pub(crate) const LOOKS_AT_A_HALF_DONE_SLOT: usize = 32;

/// How often a thread that may wait [relaxes](relax) at a slot of a ring that another thread is in the middle of filling or
/// emptying: for a tenth of a second, if that thread is stopped.
#[cfg(all(feature = "std", feature = "lock_api"))]
pub(crate) const ROUNDS_AT_A_HALF_DONE_SLOT: u32 = 2000;

/// Lets others go on for a while that is longer the more rounds a wait has had. Only for who may sleep.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
pub(crate) fn relax(round: u32) {
    match round {
        0..7 => (0..1 << round).for_each(|_| core::hint::spin_loop()),
        7..20 => std::thread::yield_now(),
        // Whoever is waited for may have a lower priority, and get no processor while this thread takes turns with others.
        _ => sleep(core::time::Duration::from_micros(50)),
    }
}

/// Tries to take a lock until it is taken. Whoever has it keeps it for a few instructions. Only for who may sleep.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
#[inline]
pub(crate) fn wait_for_lock(mut try_lock: impl FnMut() -> bool) {
    let mut round = 0;
    while !try_lock() {
        relax(round);
        round = round.saturating_add(1);
    }
}

/// Whether the model checker has ended a model that failed. Its threads are unwound then, and nothing in it can be used.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
pub(crate) const fn is_over() -> bool {
    false
}

/// Tells that a lock is free which others may try to take. The model checker cannot let many threads look again and again, so
/// in models they sleep until this is called.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
pub(crate) const fn lock_is_free() {}

/// Loads a word, not before a `SeqCst` read-modify-write of this thread that came before.
///
/// Such a read-modify-write, `SeqCst` itself, and a fence of another thread between its store to this word and its look at what
/// the first changed have one order: one of the two threads sees the other's change. The model checker takes `SeqCst` for
/// `AcqRel`, except at fences, so models have a fence here.
#[cfg(all(feature = "std", any(feature = "work", feature = "lock_api")))]
#[inline]
pub(crate) fn load_after_rmw(word: &AtomicU32) -> u32 {
    word.load(Ordering::SeqCst)
}

/// How many threads have a record of what they read with an [`Rcu`](crate::rcu::Rcu). Further threads share counters.
#[cfg(feature = "sync")]
pub(crate) const RCU_RECORDS: usize = 512;

/// How many guards of a thread have a place in its record: as many as fit in a cache line.
#[cfg(feature = "sync")]
pub(crate) const RCU_SLOTS: usize = 8;

/// After how many full fences a reader lets readers do without. They take about as long together as one interrupt of all
/// processors, which the next writer then makes, takes the readers.
#[cfg(feature = "sync")]
pub(crate) const RCU_FENCED_READS: u32 = 4096;

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

#[cfg(feature = "sync")]
per_thread! {
    static KEY: u8 = 0;
}

/// Returns a number that no other living thread has, and that is not 0.
#[cfg(feature = "sync")]
pub(crate) fn thread_key() -> usize {
    KEY.with(|key| core::ptr::from_ref(key).addr())
}

/// Declares a static that the whole process shares.
#[cfg(any(feature = "sync", feature = "lockdep"))]
macro_rules! per_process {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $start:expr;) => {
        $(#[$attribute])*
        $visibility static $name: $type = $start;
    };
}
#[cfg(any(feature = "sync", feature = "lockdep"))]
pub(crate) use per_process;

/// How many classes of things that threads wait for there can be: a power of two.
#[cfg(feature = "lockdep")]
pub(crate) const MAX_CLASSES: usize = 1 << 14;

/// How many dependencies between them there can be: a power of two.
#[cfg(feature = "lockdep")]
pub(crate) const MAX_DEPENDENCIES: usize = 1 << 17;

/// How many groups of orders of objects there are: a power of two.
#[cfg(feature = "lockdep")]
pub(crate) const OBJECT_ORDER_GROUPS: usize = 1 << 12;

/// Makes an array in a constant. Each item is made by itself.
#[cfg(feature = "sync")]
macro_rules! array_of {
    ($item:expr; $count:expr) => {
        [const { $item }; $count]
    };
}
#[cfg(feature = "sync")]
pub(crate) use array_of;

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
