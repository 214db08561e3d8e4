//! A raw lock that spins, from the `spin` crate.

use core::fmt;
use core::mem;

use lock_api::{GuardNoSend, RawMutex};
use spin::mutex::SpinMutex;

/// A raw lock that spins, for a [`SpinLock`](crate::sync::SpinLock) without `std`, or one that uses no table of waiting
/// threads.
///
/// A waiter waits for the holder and for nothing else: it makes no system call and allocates nothing. It keeps its
/// processor meanwhile. So this is for locks that are held for a few instructions, by holders that cannot lose their
/// processor, as in a kernel. The `spin` crate's lock implements the traits of an older `lock_api`, so it is wrapped here.
///
/// # Context
///
/// Made for [`SpinLock`](crate::sync::SpinLock). It serves [`Mutex`](crate::sync::Mutex) too, where there is nothing to
/// sleep on.
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
pub struct RawSpin(SpinMutex<()>);

// SAFETY: it locks and unlocks with `spin`'s lock, which has one holder at a time. The guard of that lock is leaked when
// it is taken; what it would do when dropped, `unlock` does.
unsafe impl RawMutex for RawSpin {
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

impl fmt::Debug for RawSpin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSpin").field("locked", &self.0.is_locked()).finish()
    }
}
