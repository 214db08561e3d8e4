//! Who waits for whom: a circle is reported before anybody hangs in it.
//!
//! Types keep a section from waiting for what sleeps. Code that may sleep can still wait for itself, through others: two mutexes that
//! two threads take in opposite order; a callback that takes a mutex, whose holder unmaps memory and waits for the callback.
//! With the feature `lockdep`, each wait in this crate tells what it waits for and what the thread holds. The first wait that goes
//! against what any thread has ever done is reported, whether anybody hangs this time or not: on one thread even.
//!
//! Mirrors Linux's lock dependency checker (`Documentation/locking/lockdep-design.rst`, 6.12), and goes on to what else
//! threads wait for: completions, channels, queues, the end of threads, callbacks.
//!
//! # Without the feature
//!
//! The module is there, so that libraries can name their classes, and does nothing: a [`Class`] is empty, and its methods are.
//! See [`ENABLED`].
//!
//! # Classes
//!
//! What holds for one object holds for all of its *class*: those that were made at one place in the code, by
//! `Mutex::new` for instance, or that have one name:
//!
//! ```
//! use nonblock::sync::Mutex;
//!
//! static JOURNAL: Mutex<Vec<u64>> = Mutex::new(Vec::new()).in_class("journal");
//! ```
//!
//! Objects of one class are told apart by numbers of their own, so that a list can be walked hand over hand: of two that are held
//! together, the order is remembered. (The latest orders are: some 30 for each object, and 32,768 in all.)
//!
//! # What waits, and what is waited for
//!
//! | object | a wait | what it is for |
//! |---|---|---|
//! | locks, who makes the value of a [`OnceLock`](crate::sync::OnceLock) | to take it | whoever holds it |
//! | `Completion`, the value of a `OnceLock`, channels, queues, `Semaphore`, `Barrier`, `Condvar` | to wait | whoever brings it about: what a thread has held each time that it did, others must not hold while they wait |
//! | threads, callbacks, work items, readers | to wait for their end | what waits within them |
//!
//! What only tries waits for nothing, and so does what waits for a limited time: it ends by itself. Who waits for the first of several
//! channels is reported if each of them is known to need what the thread holds.
//!
//! # What is left out, and what was learnt
//!
//! On Linux the variable `NONBLOCK_LOCKDEP` of the environment has some of these words, with commas between:
//!
//! * `suppressions=FILE`: what the file lists is not reported. It has one suppression in a line, such as
//!   `class:legacy* its order is known to be safe`, or `file:*/legacy/* to be mended`. Other lines are empty or begin with `#`.
//! * `stats`: the [`statistics`] are written to standard error at the program's end.
//!
//! It is read where a thread first looks outside sections: at a root, or where it takes a lock. [`graph`] is all that was learnt, as a
//! drawing.
//!
//! # Forks
//!
//! On Linux, what a process was forked with is reported in the child, where that first looks: locks that are held, and open
//! sections. The parent will release them; nobody does that in the child. After the report the child holds them no more. A child that
//! has ended them itself by then is silent. So is one that was made before anything was looked at, or by a system call and not by `fork`.
//!
//! # What is reported, and cannot happen
//!
//! What is seen of a class is taken for true of all its objects, and of all threads. So these are reported, if they occur:
//!
//! * Two classes that depend on each other by objects that never meet, as two fields of a tree's nodes that are made from each other's.
//!   Where the objects have roles, give these names (`in_class`); or suppress the class, with the reason.
//! * The same for what one function of the program makes for all its callers, a helper that starts threads for instance. Put
//!   `#[track_caller]` on it: then each place that calls it is a class. (What the standard library makes, as in `map(Mutex::new)` or
//!   `Arc::default()`, has a class for each object, and reports call it by a number: `the Mutex number 3`. When half of all classes
//!   are used up, such objects are of one class.)
//! * A semaphore that is taken and given back (`down`, `up`) by threads that all have one lock meanwhile, which so guards more than it
//!   need. A permit that is kept in its guard is known to be given back.
//! * A completion that a thread completes and waits for itself, with a lock held.
//! * Locks in a collection that are taken by their index, before and after the collection is sorted.
//!
//! # What is not seen
//!
//! * An order that no run has shown yet. What a completion or a channel needs is known only when it was brought about for the first
//!   time: if that is what hangs, nothing was reported.
//! * What ends a wait without bringing about what was waited for: a channel whose last sender goes, a queue that is closed.
//! * A wait for the first of several channels, where one of them is seen only later to need what the thread held.
//! * What was let go of before something was brought about, although it was needed for it: only what is held then counts.
//! * A circle of channels, queues, semaphores, barriers or condition variables of which one thread alone has every part: it may have
//!   brought about for itself what it waits for.
//! * What waits by other means: threads and locks of `std`, locks of other crates that are not wrapped in `Raw`, `park`, files and
//!   sockets. Start threads by [`thread`](crate::thread), and see [`Class`].
//! * In a signal handler, a circle of which more than 64 classes have to be looked at.
//! * Guards that are sent to another thread, of raw locks that allow that: the thread that took the lock is held to have it.
//! * More than 16,384 classes, 131,072 dependencies, or 48 things that a thread holds at once: see [`statistics`].

#[cfg(all(feature = "lockdep", feature = "watch", target_os = "linux"))]
mod allocations;
#[cfg(feature = "capi")]
mod c_class;
mod class;
mod dot;
#[cfg(all(feature = "lockdep", target_os = "linux"))]
mod environment;
mod guard;
mod loan;
#[cfg(feature = "lockdep")]
mod observer;
#[cfg(feature = "lock_api")]
mod raw;
#[cfg(feature = "std")]
mod refusal;
#[cfg(feature = "lockdep")]
mod report;
#[cfg(feature = "lockdep")]
mod set_up;
mod signals;
mod statistics;
mod still_held;
mod taken;
#[cfg(feature = "std")]
mod thread_end;

pub(crate) use crate::lock_graph::Kind;
#[cfg(feature = "capi")]
pub(crate) use c_class::CClass;
pub use class::Class;
pub use dot::{Graph, graph};
pub use guard::{Acquired, Region};
pub(crate) use loan::Loan;
#[cfg(feature = "lock_api")]
pub use raw::Raw;
#[cfg(feature = "std")]
pub(crate) use refusal::{Returned, joined, returned, scope_ended, until_refused};
pub use signals::{signal_handler, signals_blocked};
pub use statistics::{Statistics, statistics};
pub(crate) use still_held::RootCode;
#[cfg(feature = "std")]
pub(crate) use still_held::ThreadCode;
pub(crate) use taken::Taken;
#[cfg(feature = "std")]
pub(crate) use thread_end::{ScopeEnd, ThreadEnd};

#[cfg(feature = "lockdep")]
pub use crate::suppressions::{Suppression, SuppressionError};
#[cfg(feature = "lockdep")]
pub use crate::violation::{ClassName, Dependency, Held};

/// Memory, for who waits until there is some: an allocation that may wait for others to give memory back.
///
/// Wait for it ([`Class::wait`]) before such an allocation, and open a [region](Class::region) where memory is taken back for others. The
/// crate `nonblock-mm` does so: its mappings wait for memory, and its reaper takes it back. So a lock that the reaper's listener
/// waits for, and that another thread holds while it maps memory, is found. Where `watch::Allocator` is the program's allocator, and its
/// layer is on, each allocation outside sections waits for memory too. Mirrors Linux's `fs_reclaim` (`mm/page_alloc.c`,
/// 6.12).
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::MEMORY;
///
/// fn allocate_page() -> Box<[u8; 4096]> {
///     MEMORY.wait();
///     Box::new([0; 4096])
/// }
///
/// assert_eq!(allocate_page().len(), 4096);
/// ```
pub static MEMORY: Class = Class::new("memory");

/// Whether this build of the crate looks at who waits for whom. It does with the feature `lockdep`.
pub const ENABLED: bool = cfg!(feature = "lockdep");

/// Keeps what fits a suppression from being reported, from now on.
///
/// # Context
///
/// Allocates, and takes a lock: call it where the caller may sleep, before the threads start.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::{self, Suppression};
///
/// lockdep::suppress(Suppression::class("legacy *", "their order is known to be safe")?);
/// # Ok::<(), lockdep::SuppressionError>(())
/// ```
#[cfg(feature = "lockdep")]
#[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
pub fn suppress(suppression: Suppression) {
    crate::suppressions::add(std::vec![suppression]);
}
