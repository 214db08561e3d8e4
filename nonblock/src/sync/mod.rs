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
mod macros;
#[cfg(feature = "std")]
mod monitor;
mod mutex;
#[cfg(feature = "std")]
mod once_lock;
#[cfg(feature = "spin")]
mod raw_spin;
mod rwlock;
mod rwlock_guards;
#[cfg(feature = "std")]
mod semaphore;
mod spin_lock;
mod spin_rwlock;

#[cfg(feature = "std")]
pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(feature = "std")]
pub use completion::Completion;
pub use condvar::Condvar;
pub use lock_api::{self, WaitTimeoutResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
#[cfg(feature = "std")]
pub use once_lock::OnceLock;
#[cfg(feature = "spin")]
pub use raw_spin::RawSpin;
pub use rwlock::RwLock;
pub use rwlock_guards::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard,
};
#[cfg(feature = "std")]
pub use semaphore::{Semaphore, SemaphorePermit};
pub use spin_lock::{MappedSpinLockGuard, SpinLock, SpinLockGuard};
pub use spin_rwlock::{
    MappedSpinRwLockReadGuard, MappedSpinRwLockWriteGuard, SpinRwLock, SpinRwLockReadGuard,
    SpinRwLockWriteGuard,
};
