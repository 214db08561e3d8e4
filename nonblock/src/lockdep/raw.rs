//! Raw locks of others, looked at.

// SAFETY, of all implementations below: each calls the raw lock beneath, which keeps the promises, and hands on what the caller
// promises. What is noted before and after changes nothing about who holds it. A panic before a wait comes before the lock is touched.

use core::mem::forget;

use lock_api::{
    RawMutex, RawMutexFair, RawMutexTimed, RawRwLock, RawRwLockDowngrade, RawRwLockFair,
    RawRwLockTimed, RawRwLockUpgrade, RawRwLockUpgradeDowngrade, RawRwLockUpgradeFair,
    RawRwLockUpgradeTimed,
};

use super::class::Class;
use crate::lock_graph::Kind;
#[cfg(feature = "lockdep")]
use crate::lock_graph::Mode;

/// A raw lock of `lock_api` 0.5, whose waits are looked at: for locks that are not of this crate.
///
/// Code that may sleep anywhere, and takes no token, keeps its locks and writes `Raw<...>` around their raw lock. Without the feature
/// `lockdep` that changes nothing: each call is one of the raw lock beneath. What is tried, or waited for for a limited time, is noted as
/// held and is no wait.
///
/// # Its class
///
/// `lock_api` makes a raw lock by a constant, which knows no place. So a lock that is made by `lock_api::Mutex::new` has a class of
/// its own, and reports call it by a number: `the raw lock number 3`. The places at which it was taken tell which one it is. A
/// program with thousands of such locks gives those of one kind a name, since there are some 16,000 classes:
/// [`Raw::new`] and [`in_class`](Self::in_class), and `lock_api::Mutex::from_raw`. One that is made by [`Raw::new`] without a name is of
/// the class of those that are made there.
///
/// # Context
///
/// As the raw lock beneath.
///
/// # Panics
///
/// What waits reports what [`Class`] says, under the default [`Policy`](crate::Policy) by a panic. The lock is not taken then. What
/// was tried and taken is reported without one. `lock_api::MutexGuard::unlocked` and its kin take the lock again where nothing may
/// unwind: a report there ends the process, unless the policy is to warn.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::{self, Raw};
/// use nonblock::sync::lock_api;
///
/// type Mutex<T> = lock_api::Mutex<Raw<parking_lot::RawMutex>, T>;
///
/// static JOURNAL: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// static TABLE: Mutex<u64> =
///     Mutex::from_raw(Raw::new(lock_api::RawMutex::INIT).in_class("table"), 0);
///
/// let mut journal = JOURNAL.lock();
/// journal.push(*TABLE.lock());
/// drop(journal);
/// if lockdep::ENABLED {
///     let wrong = || {
///         let table = TABLE.lock();
///         JOURNAL.lock().push(*table);
///     };
///     let violation = nonblock::testing::expect_violation(|| wrong());
///     assert_eq!(violation.kind(), nonblock::ViolationKind::CircularWait);
/// }
/// ```
#[derive(Debug)]
pub struct Raw<R> {
    class: Class,
    /// Whether a reader waits for no writer that waits.
    #[cfg(feature = "lockdep")]
    readers_recur: bool,
    inner: R,
}

impl<R> Raw<R> {
    /// Wraps a raw lock. Its class is that of all that are made at the place of the caller.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[track_caller]
    #[must_use]
    pub const fn new(raw: R) -> Self {
        Self::of(Class::of(Kind::RawLock), raw)
    }

    /// Gives the lock's class a name: locks of one name are of one class, wherever they are made.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the lock"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self
    }

    /// Says that a reader never waits for a writer that waits, so that a thread may read twice: as `parking_lot::RawRwLock<true>`.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the lock"]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_mut, reason = "nobody looks"))]
    pub const fn readers_recur(mut self) -> Self {
        #[cfg(feature = "lockdep")]
        {
            self.readers_recur = true;
        }
        self
    }

    const fn of(class: Class, raw: R) -> Self {
        Self {
            class,
            #[cfg(feature = "lockdep")]
            readers_recur: false,
            inner: raw,
        }
    }

    /// The thread is about to wait.
    #[inline]
    #[track_caller]
    fn waiting(&self) {
        forget(self.class.acquire());
    }

    /// The thread is about to wait, to read.
    #[inline]
    #[track_caller]
    fn waiting_shared(&self) {
        #[cfg(feature = "lockdep")]
        if self.readers_recur {
            return forget(self.class.acquire_shared_recursive());
        }
        forget(self.class.acquire_shared());
    }

    #[inline]
    #[track_caller]
    fn tried_upgradable<G>(&self, guard: Option<G>) -> Option<G> {
        if guard.is_some() {
            forget(self.class.try_acquired_upgradable());
        }
        guard
    }

    /// Notes what was tried, if it succeeded.
    #[inline]
    #[track_caller]
    fn tried<G>(&self, guard: Option<G>) -> Option<G> {
        if guard.is_some() {
            forget(self.class.try_acquired());
        }
        guard
    }

    #[inline]
    #[track_caller]
    fn tried_shared<G>(&self, guard: Option<G>) -> Option<G> {
        if guard.is_some() {
            forget(self.class.try_acquired_shared());
        }
        guard
    }

    /// A reader tried to become a writer.
    #[inline]
    #[track_caller]
    fn tried_upgrade<G, U>(&self, upgraded: Result<G, U>) -> Result<G, U> {
        if upgraded.is_ok() {
            #[cfg(feature = "lockdep")]
            self.class.now(Mode::Exclusive);
        }
        upgraded
    }

    /// A writer has become a reader.
    #[inline]
    #[track_caller]
    fn downgraded(&self) {
        #[cfg(feature = "lockdep")]
        self.class.now(Mode::Shared);
        let _ = self;
    }
}

/// An upgradable reader that is about to wait. If what looks at the wait panics, it lets go of the lock.
struct Upgrade<'a, R: RawRwLockUpgrade> {
    raw: &'a R,
    guard: Option<R::UpgradableGuard>,
}

impl<R: RawRwLockUpgrade> Drop for Upgrade<'_, R> {
    #[inline]
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            // SAFETY: the caller of `upgrade` promised that this is the guard of the lock, and that it is held.
            unsafe { self.raw.unlock_upgradable(guard) };
        }
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawMutex> RawMutex for Raw<R> {
    type Guard = R::Guard;
    const INIT: Self = Self::of(Class::alone(Kind::RawLock), R::INIT);

    #[inline]
    #[track_caller]
    fn lock(&self) -> Self::Guard {
        self.waiting();
        self.inner.lock()
    }

    #[inline]
    #[track_caller]
    fn try_lock(&self) -> Option<Self::Guard> {
        self.tried(self.inner.try_lock())
    }

    #[inline]
    #[track_caller]
    unsafe fn unlock(&self, guard: Self::Guard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawMutexFair> RawMutexFair for Raw<R> {
    #[inline]
    #[track_caller]
    unsafe fn unlock_fair(&self, guard: Self::Guard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_fair(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    unsafe fn bump(&self, guard: &mut Self::Guard) {
        self.class.release();
        self.waiting();
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.bump(guard) };
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawMutexTimed> RawMutexTimed for Raw<R> {
    type Duration = R::Duration;
    type Instant = R::Instant;

    #[inline]
    #[track_caller]
    fn try_lock_for(&self, timeout: Self::Duration) -> Option<Self::Guard> {
        self.tried(self.inner.try_lock_for(timeout))
    }

    #[inline]
    #[track_caller]
    fn try_lock_until(&self, timeout: Self::Instant) -> Option<Self::Guard> {
        self.tried(self.inner.try_lock_until(timeout))
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLock> RawRwLock for Raw<R> {
    type SharedGuard = R::SharedGuard;
    type ExclusiveGuard = R::ExclusiveGuard;
    const INIT: Self = Self::of(Class::alone(Kind::RawLock), R::INIT);

    #[inline]
    #[track_caller]
    fn lock_shared(&self) -> Self::SharedGuard {
        self.waiting_shared();
        self.inner.lock_shared()
    }

    #[inline]
    #[track_caller]
    fn try_lock_shared(&self) -> Option<Self::SharedGuard> {
        self.tried_shared(self.inner.try_lock_shared())
    }

    #[inline]
    #[track_caller]
    unsafe fn unlock_shared(&self, guard: Self::SharedGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_shared(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    fn lock_exclusive(&self) -> Self::ExclusiveGuard {
        self.waiting();
        self.inner.lock_exclusive()
    }

    #[inline]
    #[track_caller]
    fn try_lock_exclusive(&self) -> Option<Self::ExclusiveGuard> {
        self.tried(self.inner.try_lock_exclusive())
    }

    #[inline]
    #[track_caller]
    unsafe fn unlock_exclusive(&self, guard: Self::ExclusiveGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_exclusive(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    #[inline]
    #[track_caller]
    fn is_locked_exclusive(&self) -> bool {
        self.inner.is_locked_exclusive()
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockFair> RawRwLockFair for Raw<R> {
    #[inline]
    #[track_caller]
    unsafe fn unlock_shared_fair(&self, guard: Self::SharedGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_shared_fair(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    unsafe fn unlock_exclusive_fair(&self, guard: Self::ExclusiveGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_exclusive_fair(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    unsafe fn bump_shared(&self, guard: &mut Self::SharedGuard) {
        self.class.release();
        self.waiting_shared();
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.bump_shared(guard) };
    }

    #[inline]
    #[track_caller]
    unsafe fn bump_exclusive(&self, guard: &mut Self::ExclusiveGuard) {
        self.class.release();
        self.waiting();
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.bump_exclusive(guard) };
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockDowngrade> RawRwLockDowngrade for Raw<R> {
    #[inline]
    #[track_caller]
    unsafe fn downgrade(&self, guard: Self::ExclusiveGuard) -> Self::SharedGuard {
        // SAFETY: the caller promises what this asks for.
        let guard = unsafe { self.inner.downgrade(guard) };
        self.downgraded();
        guard
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockTimed> RawRwLockTimed for Raw<R> {
    type Duration = R::Duration;
    type Instant = R::Instant;

    #[inline]
    #[track_caller]
    fn try_lock_shared_for(&self, timeout: Self::Duration) -> Option<Self::SharedGuard> {
        self.tried_shared(self.inner.try_lock_shared_for(timeout))
    }

    #[inline]
    #[track_caller]
    fn try_lock_shared_until(&self, timeout: Self::Instant) -> Option<Self::SharedGuard> {
        self.tried_shared(self.inner.try_lock_shared_until(timeout))
    }

    #[inline]
    #[track_caller]
    fn try_lock_exclusive_for(&self, timeout: Self::Duration) -> Option<Self::ExclusiveGuard> {
        self.tried(self.inner.try_lock_exclusive_for(timeout))
    }

    #[inline]
    #[track_caller]
    fn try_lock_exclusive_until(&self, timeout: Self::Instant) -> Option<Self::ExclusiveGuard> {
        self.tried(self.inner.try_lock_exclusive_until(timeout))
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockUpgrade> RawRwLockUpgrade for Raw<R> {
    type UpgradableGuard = R::UpgradableGuard;

    #[inline]
    #[track_caller]
    fn lock_upgradable(&self) -> Self::UpgradableGuard {
        forget(self.class.acquire_upgradable());
        self.inner.lock_upgradable()
    }

    #[inline]
    #[track_caller]
    fn try_lock_upgradable(&self) -> Option<Self::UpgradableGuard> {
        self.tried_upgradable(self.inner.try_lock_upgradable())
    }

    #[inline]
    #[track_caller]
    unsafe fn unlock_upgradable(&self, guard: Self::UpgradableGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_upgradable(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    unsafe fn upgrade(&self, guard: Self::UpgradableGuard) -> Self::ExclusiveGuard {
        let mut upgrade = Upgrade { raw: &self.inner, guard: Some(guard) };
        self.class.release();
        forget(self.class.upgrade());
        let guard = upgrade.guard.take();
        // SAFETY: the guard was put there above, and nothing took it.
        let guard = unsafe { guard.unwrap_unchecked() };
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.upgrade(guard) }
    }

    #[inline]
    #[track_caller]
    unsafe fn try_upgrade(
        &self,
        guard: Self::UpgradableGuard,
    ) -> Result<Self::ExclusiveGuard, Self::UpgradableGuard> {
        // SAFETY: the caller promises what this asks for.
        let result = unsafe { self.inner.try_upgrade(guard) };
        self.tried_upgrade(result)
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockUpgradeFair> RawRwLockUpgradeFair for Raw<R> {
    #[inline]
    #[track_caller]
    unsafe fn unlock_upgradable_fair(&self, guard: Self::UpgradableGuard) {
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.unlock_upgradable_fair(guard) };
        self.class.release();
    }

    #[inline]
    #[track_caller]
    unsafe fn bump_upgradable(&self, guard: &mut Self::UpgradableGuard) {
        self.class.release();
        forget(self.class.acquire_upgradable());
        // SAFETY: the caller promises what this asks for.
        unsafe { self.inner.bump_upgradable(guard) };
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockUpgradeDowngrade> RawRwLockUpgradeDowngrade for Raw<R> {
    #[inline]
    #[track_caller]
    unsafe fn downgrade_upgradable(&self, guard: Self::UpgradableGuard) -> Self::SharedGuard {
        // SAFETY: the caller promises what this asks for.
        let guard = unsafe { self.inner.downgrade_upgradable(guard) };
        self.downgraded();
        guard
    }

    #[inline]
    #[track_caller]
    unsafe fn downgrade_to_upgradable(&self, guard: Self::ExclusiveGuard) -> Self::UpgradableGuard {
        // SAFETY: the caller promises what this asks for.
        let guard = unsafe { self.inner.downgrade_to_upgradable(guard) };
        #[cfg(feature = "lockdep")]
        self.class.now(Mode::Upgradable);
        guard
    }
}

// SAFETY: see the head of the file.
unsafe impl<R: RawRwLockUpgradeTimed> RawRwLockUpgradeTimed for Raw<R> {
    #[inline]
    #[track_caller]
    fn try_lock_upgradable_for(&self, timeout: Self::Duration) -> Option<Self::UpgradableGuard> {
        self.tried_upgradable(self.inner.try_lock_upgradable_for(timeout))
    }

    #[inline]
    #[track_caller]
    fn try_lock_upgradable_until(&self, timeout: Self::Instant) -> Option<Self::UpgradableGuard> {
        self.tried_upgradable(self.inner.try_lock_upgradable_until(timeout))
    }

    #[inline]
    #[track_caller]
    unsafe fn try_upgrade_for(
        &self,
        guard: Self::UpgradableGuard,
        timeout: Self::Duration,
    ) -> Result<Self::ExclusiveGuard, Self::UpgradableGuard> {
        // SAFETY: the caller promises what this asks for.
        let result = unsafe { self.inner.try_upgrade_for(guard, timeout) };
        self.tried_upgrade(result)
    }

    #[inline]
    #[track_caller]
    unsafe fn try_upgrade_until(
        &self,
        guard: Self::UpgradableGuard,
        timeout: Self::Instant,
    ) -> Result<Self::ExclusiveGuard, Self::UpgradableGuard> {
        // SAFETY: the caller promises what this asks for.
        let result = unsafe { self.inner.try_upgrade_until(guard, timeout) };
        self.tried_upgrade(result)
    }
}
