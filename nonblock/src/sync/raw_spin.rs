//! A raw lock that spins, from the `spin` crate.

use core::mem;

use lock_api::{GuardNoSend, RawMutex};
use spin::mutex::SpinMutex;

use super::raw_lock::RawSpinLock;

/// The raw lock that spins, for a [`SpinLock`](crate::sync::SpinLock) without `std`, or one that uses no table of waiting
/// threads.
///
/// A waiter waits for the holder and for nothing else: it makes no system call and allocates nothing. It keeps its
/// processor meanwhile. So this is for locks that are held for a few instructions, by holders that cannot lose their
/// processor, as in a kernel.
///
/// It only names the raw lock. What locks is private: without the token that `SpinLock::lock` takes, a thread that may
/// sleep could hold it while a section waits. So neither the locks of the crate `lock_api` nor
/// [`Mutex`](crate::sync::Mutex) can stand on it.
///
/// # Context
///
/// For [`SpinLock`](crate::sync::SpinLock) only.
///
/// # Examples
///
/// ```
/// use nonblock::sync::{RawSpin, SpinLock};
///
/// static HITS: SpinLock<u32, RawSpin> = SpinLock::with_raw(0);
///
/// nonblock::non_block(|nb| *HITS.lock(nb) += 1);
/// ```
#[derive(Debug)]
pub struct RawSpin(());

impl RawSpinLock for RawSpin {
    type Raw = Spinning;
}

/// What locks beneath a `SpinLock<T, RawSpin>`. The `spin` crate's lock implements the traits of an older `lock_api`, so
/// it is wrapped here.
#[derive(Debug)]
pub struct Spinning(SpinMutex<()>);

// SAFETY: it locks and unlocks with `spin`'s lock, which has one holder at a time. The guard of that lock is leaked when
// it is taken; what it would do when dropped, `unlock` does.
unsafe impl RawMutex for Spinning {
    const INIT: Self = Self(SpinMutex::new(()));

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        mem::forget(self.0.lock());
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        mem::forget(self.0.try_lock()?);
        Some(GuardNoSend::new())
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        // SAFETY: the caller holds the lock, whose guard was leaked.
        unsafe { self.0.force_unlock() };
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}
