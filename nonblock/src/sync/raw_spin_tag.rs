//! `RawSpin`, the name by which the types of spin locks choose the raw locks of `raw_spin.rs`.

#[cfg(not(any(target_has_atomic = "ptr", feature = "portable-atomic")))]
use super::no_compare_and_swap as raw_locks;
use super::raw_lock::{RawSpinLock, RawSpinRwLock};
#[cfg(any(target_has_atomic = "ptr", feature = "portable-atomic"))]
use super::raw_spin as raw_locks;

/// The raw lock that spins: what [`SpinLock`](crate::sync::SpinLock) and [`SpinRwLock`](crate::sync::SpinRwLock) stand on
/// unless another is named.
///
/// A waiter looks again and again until the lock is free. It makes no system call and allocates nothing, on no platform, and
/// sets nothing up on a thread's first wait. It waits for the holder, and for nobody else: not for another waiter that lost
/// its processor. There is no queue: whoever looks first when the lock is free gets it. But a waiter that has looked for long
/// is let go first, by whoever comes later, for a bounded time.
///
/// It only names the raw locks. What locks is private: without the token that `SpinLock::lock` takes, a thread that may
/// sleep could hold it while a section waits. So neither the locks of the crate `lock_api` nor
/// [`Mutex`](crate::sync::Mutex) can stand on it.
///
/// # Context
///
/// For [`SpinLock`](crate::sync::SpinLock) and [`SpinRwLock`](crate::sync::SpinRwLock) only.
///
/// # Examples
///
/// ```
/// use nonblock::sync::{RawSpin, SpinLock};
///
/// static HITS: SpinLock<u32> = SpinLock::new(0); // a `SpinLock<u32, RawSpin>`
///
/// fn hits() -> &'static SpinLock<u32, RawSpin> {
///     &HITS
/// }
///
/// nonblock::non_block(|nb| *hits().lock(nb) += 1);
/// ```
#[derive(Debug)]
pub struct RawSpin(());

impl RawSpinLock for RawSpin {
    type Raw = raw_locks::SpinningMutex;
}

impl RawSpinRwLock for RawSpin {
    type Raw = raw_locks::SpinningRwLock;

    // A writer that waits keeps readers out for a limited time only.
    const READERS_RECUR: bool = true;
}
