//! Raw read-write locks that the checker sees.

use std::sync::PoisonError;

use lock_api::{
    GuardNoSend, RawRwLock, RawRwLockDowngrade, RawRwLockUpgrade, RawRwLockUpgradeDowngrade,
};
use loom::sync::{Condvar, Mutex};

use super::lazy::Lazy;
use super::raw::in_a_section;

/// A raw read-write lock that is waited for: a holder that never releases it is a deadlock.
#[derive(Debug)]
pub struct RawReadWrite(Lazy<Inner>);

#[derive(Debug, Default)]
struct Inner {
    holders: Mutex<Holders>,
    released: Condvar,
}

/// Who holds the lock. The upgradable reader is counted among the readers too.
#[derive(Debug, Default)]
struct Holders {
    readers: usize,
    upgradable: bool,
    writer: bool,
}

impl Holders {
    fn read(&mut self) -> bool {
        let free = !self.writer;
        self.readers += usize::from(free);
        free
    }

    fn read_upgradably(&mut self) -> bool {
        let free = !self.writer && !self.upgradable;
        self.readers += usize::from(free);
        self.upgradable |= free;
        free
    }

    fn write(&mut self) -> bool {
        let free = !self.writer && self.readers == 0;
        self.writer |= free;
        free
    }

    fn upgrade(&mut self) -> bool {
        let alone = self.readers == 1;
        if alone {
            *self = Self { readers: 0, upgradable: false, writer: true };
        }
        alone
    }
}

impl RawReadWrite {
    fn wait(&self, take: impl Fn(&mut Holders) -> bool) -> GuardNoSend {
        let mut holders = self.0.holders.lock().unwrap_or_else(PoisonError::into_inner);
        while !take(&mut holders) {
            holders = self.0.released.wait(holders).unwrap_or_else(PoisonError::into_inner);
        }
        GuardNoSend::new()
    }

    fn change<R>(&self, change: impl FnOnce(&mut Holders) -> R) -> R {
        change(&mut self.0.holders.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, take: impl FnOnce(&mut Holders) -> bool) -> Option<GuardNoSend> {
        self.change(take).then(GuardNoSend::new)
    }

    fn release(&self, release: impl FnOnce(&mut Holders)) -> GuardNoSend {
        self.change(release);
        self.0.released.notify_all();
        GuardNoSend::new()
    }
}

// SAFETY: a reader is counted only while nobody writes, and a writer comes only when there is neither.
unsafe impl RawRwLock for RawReadWrite {
    const INIT: Self = Self(Lazy::new(Inner::default));

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    fn lock_shared(&self) -> GuardNoSend {
        self.wait(Holders::read)
    }

    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        self.take(Holders::read)
    }

    unsafe fn unlock_shared(&self, _guard: GuardNoSend) {
        self.release(|holders| holders.readers -= 1);
    }

    fn lock_exclusive(&self) -> GuardNoSend {
        self.wait(Holders::write)
    }

    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        self.take(Holders::write)
    }

    unsafe fn unlock_exclusive(&self, _guard: GuardNoSend) {
        self.release(|holders| holders.writer = false);
    }

    fn is_locked(&self) -> bool {
        self.change(|holders| holders.writer || holders.readers > 0)
    }

    fn is_locked_exclusive(&self) -> bool {
        self.change(|holders| holders.writer)
    }
}

// SAFETY: the writer is counted as a reader in the same step in which it writes no more.
unsafe impl RawRwLockDowngrade for RawReadWrite {
    unsafe fn downgrade(&self, _guard: GuardNoSend) -> GuardNoSend {
        self.release(|holders| *holders = Holders { readers: 1, upgradable: false, writer: false })
    }
}

// SAFETY: there is one upgradable reader at a time, and it becomes the writer when it is the only reader, in one step.
unsafe impl RawRwLockUpgrade for RawReadWrite {
    type UpgradableGuard = GuardNoSend;

    fn lock_upgradable(&self) -> GuardNoSend {
        self.wait(Holders::read_upgradably)
    }

    fn try_lock_upgradable(&self) -> Option<GuardNoSend> {
        self.take(Holders::read_upgradably)
    }

    unsafe fn unlock_upgradable(&self, _guard: GuardNoSend) {
        self.release(|holders| {
            holders.readers -= 1;
            holders.upgradable = false;
        });
    }

    unsafe fn upgrade(&self, _guard: GuardNoSend) -> GuardNoSend {
        self.wait(Holders::upgrade)
    }

    unsafe fn try_upgrade(&self, guard: GuardNoSend) -> Result<GuardNoSend, GuardNoSend> {
        self.take(Holders::upgrade).ok_or(guard)
    }
}

// SAFETY: either way the holder stays one in the same step.
unsafe impl RawRwLockUpgradeDowngrade for RawReadWrite {
    unsafe fn downgrade_upgradable(&self, _guard: GuardNoSend) -> GuardNoSend {
        self.release(|holders| holders.upgradable = false)
    }

    unsafe fn downgrade_to_upgradable(&self, _guard: GuardNoSend) -> GuardNoSend {
        self.release(|holders| *holders = Holders { readers: 1, upgradable: true, writer: false })
    }
}

/// A raw read-write lock whose holders must be in a section from before they wait until after they have released it.
#[derive(Debug)]
pub struct RawSpinningReadWrite(RawReadWrite);

// SAFETY: as the lock that it holds.
unsafe impl RawRwLock for RawSpinningReadWrite {
    const INIT: Self = Self(RawReadWrite::INIT);

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    fn lock_shared(&self) -> GuardNoSend {
        in_a_section();
        self.0.lock_shared()
    }

    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        in_a_section();
        self.0.try_lock_shared()
    }

    unsafe fn unlock_shared(&self, guard: GuardNoSend) {
        in_a_section();
        // SAFETY: the caller's promise.
        unsafe { self.0.unlock_shared(guard) };
    }

    fn lock_exclusive(&self) -> GuardNoSend {
        in_a_section();
        self.0.lock_exclusive()
    }

    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        in_a_section();
        self.0.try_lock_exclusive()
    }

    unsafe fn unlock_exclusive(&self, guard: GuardNoSend) {
        in_a_section();
        // SAFETY: the caller's promise.
        unsafe { self.0.unlock_exclusive(guard) };
    }

    fn is_locked(&self) -> bool {
        self.0.is_locked()
    }

    fn is_locked_exclusive(&self) -> bool {
        self.0.is_locked_exclusive()
    }
}
