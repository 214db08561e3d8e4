//! What is beneath the spin locks on a target without compare-and-swap: nothing, and the compiler says so.

use core::convert::Infallible;
use core::marker::PhantomData;

use lock_api::{GuardNoSend, RawMutex, RawRwLock};

/// Stands for the raw locks of `raw_spin.rs`. None can be made.
///
/// It has a parameter so that the compiler looks at `INIT` where a lock is made, and not here.
#[derive(Debug)]
pub struct NoCompareAndSwap<T>(Infallible, PhantomData<T>);

pub(super) type SpinningMutex = NoCompareAndSwap<()>;
pub(super) type SpinningRwLock = NoCompareAndSwap<()>;

impl<T> NoCompareAndSwap<T> {
    const NONE: Self = panic!(
        "this target has no compare-and-swap, which a lock that spins needs: turn on nonblock's feature `portable-atomic`, or \
         name a raw lock of your own, which may disable interrupts: `SpinLock<T, RawIrqLock>`"
    );
}

// SAFETY: there is no value of this type, so nobody calls the functions.
unsafe impl<T> RawMutex for NoCompareAndSwap<T> {
    const INIT: Self = Self::NONE;

    type Guard = GuardNoSend;

    fn lock(&self) -> GuardNoSend {
        match self.0 {}
    }

    fn try_lock(&self) -> Option<GuardNoSend> {
        match self.0 {}
    }

    unsafe fn unlock(&self, _guard: GuardNoSend) {
        match self.0 {}
    }

    fn is_locked(&self) -> bool {
        match self.0 {}
    }
}

// SAFETY: as above.
unsafe impl<T> RawRwLock for NoCompareAndSwap<T> {
    const INIT: Self = Self::NONE;

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    fn lock_shared(&self) -> GuardNoSend {
        match self.0 {}
    }

    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        match self.0 {}
    }

    unsafe fn unlock_shared(&self, _guard: GuardNoSend) {
        match self.0 {}
    }

    fn lock_exclusive(&self) -> GuardNoSend {
        match self.0 {}
    }

    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        match self.0 {}
    }

    unsafe fn unlock_exclusive(&self, _guard: GuardNoSend) {
        match self.0 {}
    }

    fn is_locked(&self) -> bool {
        match self.0 {}
    }

    fn is_locked_exclusive(&self) -> bool {
        match self.0 {}
    }
}
