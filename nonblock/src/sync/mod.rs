//! What threads wait on, and with which token.
//!
//! | | may be held or waited for across a sleep | held in a section only |
//! |---|---|---|
//! | one holder | [`Mutex`] | [`SpinLock`] |
//! | one writer or many readers | [`RwLock`] | [`SpinRwLock`] |
//! | a change of what a mutex holds | [`Condvar`] | |
//! | something has happened | [`Completion`] | |
//! | so many at once | [`Semaphore`] | |
//! | each other | [`Barrier`] | |
//! | a value that is made once | [`OnceLock`] | |
//! | values of other threads | [`channel`] | |
//!
//! [`Mutex`] may be held across a sleep, so waiting for it may sleep: `lock` takes `&mut Sleepable`, and
//! a section can only try. [`SpinLock`] is held in a section only, so its holder cannot sleep, and a
//! section may wait for it: `lock` takes `&NonBlock`. Both are one [`Lock`] over a raw lock of the `lock_api` crate's, as
//! both read-write locks are one [`ReadWriteLock`]; the aliases use `parking_lot`'s
//! raw locks. `lock_api` is re-exported here, in the version whose traits a raw lock has to implement: 0.5. Those of
//! `parking_lot` 0.12 implement 0.4's, and do not fit.
//!
//! # Moving code over
//!
//! Operations have the names that they have in [`std::sync`] and `parking_lot`, so moving code over is adding the token.
//! It comes first of what stands in the parentheses, after the guard where a guard stands for `self`:
//! `changed.wait_for(cx, &mut guard, timeout)`, `Guard::upgrade(guard, cx)`. Besides:
//!
//! * Whatever begins with `try_` and takes no token does not wait. With a time, as in `try_lock_for`, it does.
//! * Whatever begins with `acquire`, or ends in `_from`, takes either token: it waits where it may, and refuses where not.
//! * Times are `Duration`s.
//! * There is no poisoning: a holder that panics unlocks, as with `parking_lot`, and a value that could not be made is made
//!   by the next that needs it. What the holder left half done is there for the next; where that matters, keep a flag with
//!   the value.
//!
//! # What releasing costs a section
//!
//! Releasing a lock, notifying, completing and sending do not wait for a thread that sleeps. They may take a lock of their
//! own for a few instructions. In `Completion`, `Semaphore`, `OnceLock` and channels nothing is allocated with that lock held. Of
//! `parking_lot` this can be said but for one case: when a thread waits for the first time, and more threads have waited
//! than ever before, it allocates a larger table with that table locked. A section that must not depend even on that uses
//! raw locks that have no such table, `RawSpin` (feature `spin`) for instance.

#[cfg(feature = "std")]
mod barrier;
#[cfg(feature = "std")]
pub mod channel;
#[cfg(feature = "std")]
mod completion;
mod condvar;
mod guard;
mod kind;
mod lock;
#[cfg(feature = "std")]
mod monitor;
mod mutex;
#[cfg(feature = "std")]
mod once_lock;
#[cfg(feature = "spin")]
mod raw_spin;
mod rwlock;
#[cfg(feature = "std")]
mod semaphore;
mod shared_lock;
mod spin;
mod spin_rwlock;

#[cfg(feature = "std")]
pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(feature = "std")]
pub use completion::Completion;
pub use condvar::ConditionVariable;
pub use guard::{
    Guard, MappedGuard, MappedReadGuard, MappedWriteGuard, ReadGuard, UpgradableGuard, WriteGuard,
};
pub use kind::{Kind, Sleeping, Spinning};
pub use lock::Lock;
pub use lock_api::{self, WaitTimeoutResult};
#[cfg(feature = "std")]
pub use once_lock::OnceLock;
#[cfg(feature = "spin")]
pub use raw_spin::RawSpin;
#[cfg(feature = "std")]
pub use semaphore::{Semaphore, SemaphorePermit};
pub use shared_lock::ReadWriteLock;

/// A lock that may be held across a sleep. See [`Lock`] and [`Sleeping`].
///
/// # Context
///
/// Waiting for it may sleep: `lock` takes `&mut Sleepable`. In a section, `try_lock` or `acquire`.
///
/// # Examples
///
/// ```
/// use nonblock::sync::Mutex;
/// use nonblock::WouldBlock;
///
/// let table = Mutex::new(vec![1, 2, 3]);
/// nonblock::sleepable(|cx| {
///     table.lock(cx).push(4);
///     let held = table.lock(cx);
///     let refused = cx.non_block(|nb| table.acquire(nb).map(|table| table.len()));
///     assert_eq!(refused, Err(WouldBlock));
///     drop(held);
///     assert_eq!(cx.non_block(|nb| table.acquire(nb).map(|table| table.len())), Ok(4));
/// });
/// ```
#[cfg(feature = "sync")]
pub type Mutex<T> = Lock<Sleeping, T>;

/// The guard of a [`Mutex`].
#[cfg(feature = "sync")]
pub type MutexGuard<'a, T> = Guard<'a, Sleeping, T>;

/// The guard of a part of what a [`Mutex`] holds. See [`Guard::map`].
#[cfg(feature = "sync")]
pub type MappedMutexGuard<'a, T> = MappedGuard<'a, Sleeping, T>;

/// A lock that is held in a section only. See [`Lock`] and [`Spinning`].
///
/// The holder cannot sleep, so whoever waits for it waits for running code. In user space the holder can
/// still lose its processor; `parking_lot`'s raw lock therefore spins for a while and then parks until the
/// holder wakes it, where a kernel's spins on.
///
/// # Context
///
/// To be taken in a section: `lock` takes `&NonBlock`; `with` opens the section itself.
///
/// # Examples
///
/// ```
/// use nonblock::sync::SpinLock;
///
/// let hits = SpinLock::new(0);
/// nonblock::sleepable(|cx| {
///     hits.with(cx, |hits, _nb| *hits += 1);
///     cx.non_block(|nb| *hits.lock(nb) += 1);
/// });
/// assert_eq!(hits.into_inner(), 2);
/// ```
#[cfg(feature = "sync")]
pub type SpinLock<T> = Lock<Spinning, T>;

/// The guard of a [`SpinLock`].
#[cfg(feature = "sync")]
pub type SpinLockGuard<'a, T> = Guard<'a, Spinning, T>;

/// The guard of a part of what a [`SpinLock`] holds. See [`Guard::map`].
#[cfg(feature = "sync")]
pub type MappedSpinLockGuard<'a, T> = MappedGuard<'a, Spinning, T>;

/// A lock for one writer or many readers, which may be held across a sleep. See [`ReadWriteLock`].
///
/// # Context
///
/// Waiting for it may sleep: `read` and `write` take `&mut Sleepable`. In a section, `try_read`, `try_write`,
/// `acquire_read` or `acquire_write`.
#[cfg(feature = "sync")]
pub type RwLock<T> = ReadWriteLock<Sleeping, T>;

/// The guard of a reader of an [`RwLock`].
#[cfg(feature = "sync")]
pub type RwLockReadGuard<'a, T> = ReadGuard<'a, Sleeping, T>;

/// The guard of a writer of an [`RwLock`].
#[cfg(feature = "sync")]
pub type RwLockWriteGuard<'a, T> = WriteGuard<'a, Sleeping, T>;

/// The guard of the one reader of an [`RwLock`] that can become the writer.
#[cfg(feature = "sync")]
pub type RwLockUpgradableReadGuard<'a, T> = UpgradableGuard<'a, Sleeping, T>;

/// The guard of a reader of a part of what an [`RwLock`] holds.
#[cfg(feature = "sync")]
pub type MappedRwLockReadGuard<'a, T> = MappedReadGuard<'a, Sleeping, T>;

/// The guard of a writer of a part of what an [`RwLock`] holds.
#[cfg(feature = "sync")]
pub type MappedRwLockWriteGuard<'a, T> = MappedWriteGuard<'a, Sleeping, T>;

/// A lock for one writer or many readers, which is held in a section only. See [`ReadWriteLock`].
///
/// # Context
///
/// To be taken in a section: `read` and `write` take `&NonBlock`; `with_read` and `with_write` open the section
/// themselves.
#[cfg(feature = "sync")]
pub type SpinRwLock<T> = ReadWriteLock<Spinning, T>;

/// The guard of a reader of a [`SpinRwLock`].
#[cfg(feature = "sync")]
pub type SpinRwLockReadGuard<'a, T> = ReadGuard<'a, Spinning, T>;

/// The guard of a writer of a [`SpinRwLock`].
#[cfg(feature = "sync")]
pub type SpinRwLockWriteGuard<'a, T> = WriteGuard<'a, Spinning, T>;

/// A queue of threads that wait for what a [`Mutex`] holds to change. See [`ConditionVariable`].
///
/// # Context
///
/// Waiting may sleep: it takes `&mut Sleepable`. Notifying takes no token.
#[cfg(feature = "sync")]
pub type Condvar = ConditionVariable<parking_lot::RawCondvar>;
