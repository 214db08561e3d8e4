//! The raw lock of a read-write lock.
//!
//! There are two lines. In the first, readers, upgradable readers and writers wait in turn to enter. A writer enters while others
//! still read, and keeps new readers out from then on. In the second line, that one writer waits until the readers have left.

use core::mem;
use core::time::Duration;

use lock_api::{
    GuardNoSend, RawRwLock, RawRwLockDowngrade, RawRwLockFair, RawRwLockTimed, RawRwLockUpgrade,
    RawRwLockUpgradeDowngrade, RawRwLockUpgradeTimed,
};

use super::Patience;
use crate::check::might_sleep;
use crate::event_count::{EventCount, Look};
use crate::primitive::{AtomicUsize, Instant, Ordering};

/// The raw lock beneath a [`RwLock`](crate::sync::RwLock), unless its type names another.
///
/// # Context
///
/// Waiting for it may sleep, and is reported in a section. Trying, and releasing, does not sleep, and allocates and releases no
/// memory: to release it is one atomic operation, and a wake if somebody waits. (Where another thread asks for a wake just then, it
/// makes that one too.)
///
/// # Examples
///
/// ```
/// use nonblock::sync::{RawParkingRwLock, RwLock};
///
/// static TABLE: RwLock<u64, RawParkingRwLock> = RwLock::new(0);
/// nonblock::sleepable(|cx| *TABLE.write(cx) += 1);
/// ```
#[derive(Debug)]
pub struct RawParkingRwLock {
    state: AtomicUsize,
    /// Threads that wait to enter.
    entries: EventCount,
    /// The writer that has entered, and waits until nobody reads.
    readers_left: EventCount,
}

/// Nobody is in there, and nobody in line is overdue.
const FREE: usize = 0;

/// A writer has entered.
const WRITER: usize = 1;

/// There is an upgradable reader.
const UPGRADABLE: usize = 2;

/// A thread in line is overdue: whoever comes gets in line too.
const OVERDUE: usize = 4;

/// One reader that is not upgradable.
const READER: usize = 8;

/// What readers, and writers and upgradable readers, cannot enter beside.
const NO_READERS: usize = WRITER;
const NO_WRITERS: usize = WRITER | UPGRADABLE;

impl RawParkingRwLock {
    /// Enters, unless one of the bits `besides` is set.
    ///
    /// It does not look first, but supposes that the lock is free. If not, the exchange tells what there is. A look would wait
    /// until the processor is done with the exchange before, by which this thread left the lock.
    #[inline]
    fn try_enter(&self, as_what: usize, besides: usize) -> bool {
        let exchange = |state: usize, entered: usize| {
            self.state.compare_exchange(state, entered, Ordering::Acquire, Ordering::Relaxed)
        };
        let Err(mut state) = exchange(FREE, as_what) else { return true };
        while state & besides == 0 {
            let entered = state.checked_add(as_what).expect("fewer readers than addresses");
            match exchange(state, entered) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Waits until it can enter, for a time at most.
    #[cold]
    fn wait_to_enter(&self, as_what: usize, besides: usize, timeout: Option<Duration>) -> bool {
        might_sleep();
        // Whoever is first in line beside an upgradable reader waits for that one to leave, and a reader takes nothing from them.
        if as_what == READER && self.has_upgradable_reader() && self.try_enter(READER, NO_READERS) {
            return true;
        }
        let mut patience = Patience::default();
        let look = || {
            loop {
                let state = self.state.load(Ordering::Relaxed);
                if state & besides != 0 {
                    patience.look_in_vain(&self.state, state, OVERDUE);
                    if self.state.load(Ordering::Relaxed) & besides != 0 {
                        return Look::Nothing;
                    }
                    continue;
                }
                let entered = (state & !OVERDUE) + as_what;
                if self
                    .state
                    .compare_exchange(state, entered, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
                {
                    return Look::Found(());
                }
            }
        };
        // Whoever is next in line may want to enter as something else, and finds out.
        let is_ready = || self.state.load(Ordering::Relaxed) & NO_READERS == 0;
        match timeout {
            None => {
                self.entries.wait(is_ready, look);
                true
            }
            Some(timeout) => self.entries.wait_for(timeout, is_ready, look).is_some(),
        }
    }

    fn has_upgradable_reader(&self) -> bool {
        self.state.load(Ordering::Relaxed) & UPGRADABLE != 0
    }

    /// Enters if that is possible and nobody waits, or waits for it.
    #[inline]
    fn enter(&self, as_what: usize, besides: usize, timeout: Option<Duration>) -> bool {
        (!self.entries.has_line() && self.try_enter(as_what, besides | OVERDUE))
            || self.wait_to_enter(as_what, besides, timeout)
    }

    /// Waits until nobody reads. The caller is the writer that has entered, and has checked whether it may sleep: a panic would leave
    /// it in there.
    #[cold]
    fn wait_for_readers(&self, timeout: Option<Duration>) -> bool {
        let is_alone = || self.state.load(Ordering::Acquire) < READER;
        match timeout {
            None => {
                self.readers_left.wait_while_not(is_alone);
                true
            }
            Some(timeout) => {
                let look = || is_alone().then_some(()).into();
                self.readers_left.wait_for(timeout, || false, look).is_some()
            }
        }
    }

    /// Locks exclusively, for a time at most.
    #[inline]
    fn write(&self, timeout: Option<Duration>) -> bool {
        self.state.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_ok()
            || self.wait_to_write(timeout)
    }

    #[cold]
    fn wait_to_write(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if !self.wait_to_enter(WRITER, NO_WRITERS, timeout) {
            return false;
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let is_alone = self.wait_for_readers(left);
        if !is_alone {
            self.leave(WRITER, 0);
        }
        is_alone
    }

    /// Turns an upgradable reader into the writer, if nobody else reads.
    fn try_upgrade_now(&self) -> bool {
        let alone = |state: usize| (state < READER).then_some(state ^ (UPGRADABLE | WRITER));
        self.state.try_update(Ordering::Acquire, Ordering::Relaxed, alone).is_ok()
    }

    /// Turns an upgradable reader into the writer, once nobody else reads.
    fn upgrade_for(&self, timeout: Option<Duration>) -> bool {
        self.try_upgrade_now() || self.wait_to_upgrade(timeout)
    }

    #[cold]
    fn wait_to_upgrade(&self, timeout: Option<Duration>) -> bool {
        // If the report panics, the upgradable reader leaves: its guard is used up.
        let leaves = LeaveOnPanic(self);
        might_sleep();
        mem::forget(leaves);
        // One bit takes the place of the other.
        self.state.fetch_sub(UPGRADABLE - WRITER, Ordering::SeqCst);
        let is_alone =
            self.state.load(Ordering::Acquire) < READER || self.wait_for_readers(timeout);
        if !is_alone {
            self.leave(WRITER, UPGRADABLE);
        }
        is_alone
    }

    /// Becomes something less, or nothing, and lets in who can enter now.
    #[inline]
    fn leave(&self, from: usize, to: usize) {
        // What it was is set, so this is a difference.
        self.state.fetch_sub(from.wrapping_sub(to), Ordering::SeqCst);
        self.entries.notify_one_after_rmw();
    }

    fn leave_fairly(&self, from: usize) {
        if self.entries.has_line() {
            // Whoever comes gets in line behind.
            self.state.fetch_or(OVERDUE, Ordering::Relaxed);
        }
        self.leave(from, 0);
    }
}

/// An upgradable reader that leaves when this is dropped.
struct LeaveOnPanic<'a>(&'a RawParkingRwLock);

impl Drop for LeaveOnPanic<'_> {
    fn drop(&mut self) {
        self.0.leave(UPGRADABLE, 0);
    }
}

// SAFETY: only a state without a writer becomes one with a writer, and no reader is added to that. The writer has the lock once
// it has seen that no reader is left.
unsafe impl RawRwLock for RawParkingRwLock {
    const INIT: Self = Self {
        state: AtomicUsize::new(0),
        entries: EventCount::new(),
        readers_left: EventCount::new(),
    };

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    #[inline]
    fn lock_shared(&self) -> GuardNoSend {
        self.enter(READER, NO_READERS, None);
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        self.try_enter(READER, NO_READERS).then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock_shared(&self, _guard: GuardNoSend) {
        let before = self.state.fetch_sub(READER, Ordering::SeqCst);
        if before & WRITER != 0 && before < 2 * READER {
            self.readers_left.notify_one_after_rmw();
        }
    }

    #[inline]
    fn lock_exclusive(&self) -> GuardNoSend {
        self.write(None);
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        // With readers it is held.
        let mut state = self.state.load(Ordering::Relaxed);
        while state & !OVERDUE == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | WRITER,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(GuardNoSend::new()),
                Err(now) => state = now,
            }
        }
        None
    }

    #[inline]
    unsafe fn unlock_exclusive(&self, _guard: GuardNoSend) {
        self.leave(WRITER, 0);
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) & !OVERDUE != 0
    }

    #[inline]
    fn is_locked_exclusive(&self) -> bool {
        self.state.load(Ordering::Relaxed) & WRITER != 0
    }
}

// SAFETY: as above.
unsafe impl RawRwLockFair for RawParkingRwLock {
    unsafe fn unlock_shared_fair(&self, guard: GuardNoSend) {
        // Nobody in line waits for a reader to leave.
        // SAFETY: the caller's promise.
        unsafe { self.unlock_shared(guard) };
    }

    unsafe fn unlock_exclusive_fair(&self, _guard: GuardNoSend) {
        self.leave_fairly(WRITER);
    }
}

// SAFETY: the writer becomes a reader in one step.
unsafe impl RawRwLockDowngrade for RawParkingRwLock {
    unsafe fn downgrade(&self, guard: GuardNoSend) -> GuardNoSend {
        self.leave(WRITER, READER);
        guard
    }
}

// SAFETY: as above.
unsafe impl RawRwLockTimed for RawParkingRwLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_shared_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        self.enter(READER, NO_READERS, Some(timeout)).then(GuardNoSend::new)
    }

    fn try_lock_shared_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.try_lock_shared_for(deadline.saturating_duration_since(Instant::now()))
    }

    fn try_lock_exclusive_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        self.write(Some(timeout)).then(GuardNoSend::new)
    }

    fn try_lock_exclusive_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.try_lock_exclusive_for(deadline.saturating_duration_since(Instant::now()))
    }
}

// SAFETY: there is one upgradable reader at a time, and no writer enters beside it. It becomes the writer in one step, and has
// the lock once it has seen that no other reader is left.
unsafe impl RawRwLockUpgrade for RawParkingRwLock {
    type UpgradableGuard = GuardNoSend;

    fn lock_upgradable(&self) -> GuardNoSend {
        self.enter(UPGRADABLE, NO_WRITERS, None);
        GuardNoSend::new()
    }

    fn try_lock_upgradable(&self) -> Option<GuardNoSend> {
        self.try_enter(UPGRADABLE, NO_WRITERS).then(GuardNoSend::new)
    }

    unsafe fn unlock_upgradable(&self, _guard: GuardNoSend) {
        self.leave(UPGRADABLE, 0);
    }

    unsafe fn upgrade(&self, guard: GuardNoSend) -> GuardNoSend {
        self.upgrade_for(None);
        guard
    }

    unsafe fn try_upgrade(&self, guard: GuardNoSend) -> Result<GuardNoSend, GuardNoSend> {
        if self.try_upgrade_now() { Ok(guard) } else { Err(guard) }
    }
}

// SAFETY: each becomes the other in one step.
unsafe impl RawRwLockUpgradeDowngrade for RawParkingRwLock {
    unsafe fn downgrade_upgradable(&self, guard: GuardNoSend) -> GuardNoSend {
        self.leave(UPGRADABLE, READER);
        guard
    }

    unsafe fn downgrade_to_upgradable(&self, guard: GuardNoSend) -> GuardNoSend {
        self.leave(WRITER, UPGRADABLE);
        guard
    }
}

// SAFETY: as above.
unsafe impl RawRwLockUpgradeTimed for RawParkingRwLock {
    fn try_lock_upgradable_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        self.enter(UPGRADABLE, NO_WRITERS, Some(timeout)).then(GuardNoSend::new)
    }

    fn try_lock_upgradable_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.try_lock_upgradable_for(deadline.saturating_duration_since(Instant::now()))
    }

    unsafe fn try_upgrade_for(
        &self,
        guard: GuardNoSend,
        timeout: Duration,
    ) -> Result<GuardNoSend, GuardNoSend> {
        if self.upgrade_for(Some(timeout)) { Ok(guard) } else { Err(guard) }
    }

    unsafe fn try_upgrade_until(
        &self,
        guard: GuardNoSend,
        deadline: Instant,
    ) -> Result<GuardNoSend, GuardNoSend> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        // SAFETY: the caller's promise.
        unsafe { self.try_upgrade_for(guard, timeout) }
    }
}
