//! Raw locks that the checker sees.

use std::sync::{Arc, Mutex};

use lock_api::{GuardNoSend, RawMutex};
use loom::sync::atomic::Ordering;

use super::depth::Depth;
use super::number::Number;
use super::queue::{Queue, Waiter};

/// A raw lock that is waited for: a holder that never releases it is a deadlock.
///
/// Not the checker's own mutex, in which who tries waits, if another takes it at just that moment.
#[derive(Debug)]
pub struct RawLock {
    held: Number,
    /// A lock that the checker does not see: it is held between two of its operations only.
    waiters: Mutex<Vec<Arc<Waiter>>>,
}

impl RawLock {
    fn take(&self) -> bool {
        self.held.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

// SAFETY: who turns the number from 0 to 1 holds the lock until it turns it back.
unsafe impl RawMutex for RawLock {
    const INIT: Self = Self { held: Number::new(0), waiters: Mutex::new(Vec::new()) };

    type Guard = GuardNoSend;

    fn lock(&self) -> GuardNoSend {
        while !self.take() {
            // To the checker this is one step with the try above: nobody releases the lock in between.
            let waiter = Waiter::new();
            self.waiters.lock().unwrap().push(Arc::clone(&waiter));
            waiter.park();
        }
        GuardNoSend::new()
    }

    fn try_lock(&self) -> Option<GuardNoSend> {
        self.take().then(GuardNoSend::new)
    }

    unsafe fn unlock(&self, _guard: GuardNoSend) {
        if std::thread::panicking() {
            // The model has failed, of a deadlock perhaps: then the checker has no threads any more.
            return;
        }
        self.held.store(0, Ordering::Release);
        // Whoever comes first takes it.
        self.waiters.lock().unwrap().drain(..).for_each(|waiter| waiter.wake());
    }

    fn is_locked(&self) -> bool {
        self.held.load(Ordering::Relaxed) == 1
    }
}

/// A raw lock whose holder must be in a section from before it waits until after it has released it.
#[derive(Debug)]
pub struct RawSpinning(RawLock);

// SAFETY: as the lock that it holds.
unsafe impl RawMutex for RawSpinning {
    const INIT: Self = Self(RawLock::INIT);

    type Guard = GuardNoSend;

    fn lock(&self) -> GuardNoSend {
        in_a_section();
        self.0.lock()
    }

    fn try_lock(&self) -> Option<GuardNoSend> {
        in_a_section();
        self.0.try_lock()
    }

    unsafe fn unlock(&self, guard: GuardNoSend) {
        in_a_section();
        // SAFETY: the caller's promise.
        unsafe { self.0.unlock(guard) };
    }

    fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}

/// A spin lock is waited for, held and released in a section.
#[track_caller]
pub(super) fn in_a_section() {
    assert!(Depth::now() > 0, "a spin lock outside a section");
}

/// A raw condition variable that the checker sees. Who waits first is woken first.
#[derive(Debug)]
pub struct RawCondvar(Queue);

// SAFETY: it lets go of the mutex, and takes it again before it returns.
unsafe impl lock_api::RawCondvar for RawCondvar {
    const INIT: Self = Self(Queue::new());

    type RawMutex = RawLock;

    unsafe fn wait(&self, mutex: &RawLock, guard: &mut GuardNoSend) {
        let waiter = self.0.enter(false);
        // SAFETY: the caller holds the mutex; what it has in place of this guard is made below.
        unsafe { mutex.unlock(GuardNoSend::new()) };
        self.0.wait(&waiter, false);
        *guard = mutex.lock();
    }

    fn notify_one(&self) -> bool {
        self.0.notify_one()
    }

    fn notify_all(&self) -> usize {
        self.0.notify_all()
    }
}
