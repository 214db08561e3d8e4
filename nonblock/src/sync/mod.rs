//! Locks, channels and the other objects that threads wait on, and which token the wait takes.
//!
//! | to wait for | where the waiter may sleep | in a section too |
//! |---|---|---|
//! | one holder | [`Mutex`] | [`SpinLock`] |
//! | one writer or many readers | [`RwLock`] | [`SpinRwLock`] |
//! | a change of what a mutex holds | [`Condvar`] | |
//! | something has happened | [`Completion`] | |
//! | so many at once | [`Semaphore`] | |
//! | each other | [`Barrier`] | |
//! | a value that is made once | [`OnceLock`] | |
//! | values of other threads | [`channel`] | |
//! | the first value of several channels | [`channel::Select`] | |
//!
//! [`Mutex`] may be held across a sleep, so waiting for it may sleep: `lock` takes `&mut Sleepable`, and
//! a section can only try. [`SpinLock`] is held in a section only, so its holder cannot sleep, and a
//! section may wait for it: `lock` takes `&NonBlock`. [`RwLock`] and [`SpinRwLock`] differ in the same way.
//!
//! # Raw locks
//!
//! What really locks is a raw lock: the last parameter of each lock's type, and of its guards'. Beneath the spin locks it is
//! [`RawSpin`], and with feature `sync` beneath the others [`RawParkingMutex`], [`RawParkingRwLock`] and
//! [`RawParkingCondvar`], unless another is named. Any raw lock of the crate `lock_api` fits: `Mutex<T, parking_lot::RawFairMutex>` is a mutex that serves its waiters in turn. `new` makes locks
//! over the default raw lock, and `with_raw` over the one that the type names. With feature `lock_api` alone, without `std`
//! too, only the spin locks have a default.
//!
//! | raw lock | feature | beneath | who waits | its release |
//! |---|---|---|---|---|
//! | [`RawSpin`] | `lock_api` | [`SpinLock`], [`SpinRwLock`] | spins | one atomic operation |
//! | [`RawParkingMutex`], [`RawParkingRwLock`], [`RawParkingCondvar`] | `sync` | [`Mutex`], [`RwLock`], [`Condvar`] | parks | one atomic operation, and a wake if somebody waits |
//! | [`RawPiMutex`] | `pi`, on Linux | [`Mutex`], where the type names it | waits in the kernel, and lends the holder its real-time priority | one atomic operation, or a system call that hands the lock on if somebody waits |
//!
//! `lock_api` is re-exported here, in the version whose traits a raw lock has to implement: 0.5. The raw locks of
//! `parking_lot` 0.12 implement those of 0.4, and do not fit.
//!
//! # Moving code over
//!
//! Operations have the names that they have in [`std::sync`] and `parking_lot`, so moving code over is adding the token.
//! The token is the first argument: `changed.wait_for(cx, &mut guard, timeout)`. Where a guard stands in place of `self`, the
//! token comes after it: `RwLockUpgradableReadGuard::upgrade(guard, cx)`. Besides:
//!
//! * A method whose name begins with `try_` and that takes no token does not wait. With a time, as `try_lock_for`, it does.
//! * A method whose name begins with `acquire`, or ends in `_from`, takes either token: it waits where it may, and refuses
//!   where it may not.
//! * Times are `Duration`s.
//! * There is no poisoning: a holder that panics unlocks, as with `parking_lot`. If a value could not be made, the next
//!   thread that needs it makes it. The next holder may find a change half done; where that matters, keep a flag with the
//!   value.
//!
//! # What releasing costs a section
//!
//! Releasing a lock, notifying, completing, and sending into a bounded channel wait for no other thread, and take no lock. They
//! change a word, and wake a thread if one waits. What waits is linked into a list, by a place on its own stack; a thread that
//! would wake another while somebody changes the list leaves the wake to that one. So nobody who lost the processor holds
//! a section up. With another raw lock it is as that raw lock does it: `parking_lot`'s have a table of threads that wait, which is
//! locked while a larger one is allocated. A section should not hold a [`RawPiMutex`]: the kernel takes locks of its own to hand it on,
//! and a waiter with a higher priority runs at once.
//!
// Where a feature is off, its links lead to the table of features.
#![cfg_attr(all(feature = "pi", target_os = "linux"), doc = " [`RawPiMutex`]: RawPiMutex")]
#![cfg_attr(not(all(feature = "pi", target_os = "linux")), doc = " [`RawPiMutex`]: crate#features")]

#[cfg(feature = "std")]
mod barrier;
#[cfg(feature = "std")]
pub mod channel;
#[cfg(feature = "std")]
mod completion;
mod condvar;
mod macros;
mod mutex;
#[cfg(not(any(target_has_atomic = "ptr", feature = "portable-atomic")))]
mod no_compare_and_swap;
#[cfg(feature = "std")]
mod once_lock;
mod raw_lock;
#[cfg(feature = "std")]
mod raw_parking;
#[cfg(all(feature = "pi", target_os = "linux"))]
mod raw_pi;
#[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
mod raw_spin;
mod raw_spin_tag;
mod rwlock;
mod rwlock_guards;
#[cfg(feature = "std")]
mod semaphore;
mod spin_lock;
mod spin_rwlock;

#[cfg(feature = "std")]
pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(feature = "std")]
pub use completion::{Completed, Completion};
pub use condvar::Condvar;
pub use lock_api::{self, WaitTimeoutResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
#[cfg(feature = "std")]
pub use once_lock::OnceLock;
#[cfg(feature = "std")]
pub use raw_parking::{RawParkingCondvar, RawParkingMutex, RawParkingRwLock};
#[cfg(all(feature = "pi", target_os = "linux"))]
pub use raw_pi::RawPiMutex;
pub use raw_spin_tag::RawSpin;
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
