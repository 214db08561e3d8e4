//! The raw locks that spin: for one holder, and for one writer or many readers.

use lock_api::{GuardNoSend, RawMutex, RawRwLock, RawRwLockDowngrade};

use super::raw_lock::{RawSpinLock, RawSpinRwLock};
use crate::primitive::{AtomicBool, AtomicUsize, Ordering, SPINS_FOR_A_WRITER, release, spin};

/// The raw lock that spins: what [`SpinLock`](crate::sync::SpinLock) and [`SpinRwLock`](crate::sync::SpinRwLock) stand on
/// unless another is named.
///
/// A waiter looks again and again until the lock is free. It makes no system call and allocates nothing, on no platform, and
/// sets nothing up on a thread's first wait. It waits for the holder, and for nobody else: not for another waiter that lost
/// its processor. There is no queue, so whoever looks first when the lock is free gets it.
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
    type Raw = SpinningMutex;
}

impl RawSpinRwLock for RawSpin {
    type Raw = SpinningRwLock;
}

/// Waits a little longer each time, up to a limit. So a waiter does not slow the holder down by looking, and still sees soon
/// that the lock is free.
#[derive(Default)]
struct Spin {
    step: u32,
}

impl Spin {
    const LIMIT: u32 = 6;

    fn spin(&mut self) {
        spin(1 << self.step);
        self.step = (self.step + 1).min(Self::LIMIT);
    }
}

/// What locks beneath a `SpinLock`: a flag, which is tested, and then tested and set.
#[derive(Debug)]
pub struct SpinningMutex(AtomicBool);

impl SpinningMutex {
    #[inline]
    fn try_take(&self) -> bool {
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut spin = Spin::default();
        loop {
            while self.0.load(Ordering::Relaxed) {
                spin.spin();
            }
            if self.try_take() {
                return;
            }
        }
    }
}

// SAFETY: whoever sets the flag has the lock until it clears it.
unsafe impl RawMutex for SpinningMutex {
    const INIT: Self = Self(AtomicBool::new(false));

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        if !self.try_take() {
            self.wait();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_take().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        self.0.store(false, Ordering::Release);
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What locks beneath a `SpinRwLock`.
///
/// The word holds two flags and the number of readers. A writer that waits sets a flag, and readers that come later let it
/// go first for a bounded time: a writer that lost its processor holds no reader up for good. A thread that reads already can
/// thus read again.
#[derive(Debug)]
pub struct SpinningRwLock(AtomicUsize);

impl SpinningRwLock {
    const FREE: usize = 0;
    /// Somebody writes. Then there are no readers.
    const WRITER: usize = 1;
    /// Somebody waits to write.
    const WRITER_WAITS: usize = 2;
    /// One reader.
    const READER: usize = 4;

    /// Adds a reader to the word if it does not have the flags.
    #[inline]
    fn try_read(&self, flags: usize) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        while word & flags == 0 {
            let more = word.checked_add(Self::READER).expect("fewer readers than addresses");
            match self.0.compare_exchange_weak(word, more, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    #[cold]
    fn wait_to_read(&self) {
        let mut spin = Spin::default();
        for _ in 0..SPINS_FOR_A_WRITER {
            if self.try_read(Self::WRITER | Self::WRITER_WAITS) {
                return;
            }
            // The time in which somebody writes does not count.
            while self.0.load(Ordering::Relaxed) & Self::WRITER != 0 {
                spin.spin();
            }
            spin.spin();
        }
        while !self.try_read(Self::WRITER) {
            spin.spin();
        }
    }

    /// Takes the word if nobody reads or writes. If the flag of a waiting writer was set, that writer sets it again.
    #[inline]
    fn try_write(&self) -> bool {
        let mut word = Self::FREE;
        while word & !Self::WRITER_WAITS == Self::FREE {
            match self.0.compare_exchange(word, Self::WRITER, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    #[cold]
    fn wait_to_write(&self) {
        let mut spin = Spin::default();
        while !self.try_write() {
            // While somebody writes, no reader comes, and the word is left to the writer. When another waiting writer gets its
            // turn, it takes the flag back for all of them.
            let word = self.0.load(Ordering::Relaxed);
            if word & (Self::WRITER | Self::WRITER_WAITS) == 0 {
                let flagged = word | Self::WRITER_WAITS;
                let relaxed = Ordering::Relaxed;
                let _changed = self.0.compare_exchange_weak(word, flagged, relaxed, relaxed);
            }
            spin.spin();
        }
    }

    #[inline]
    fn is_held(&self) -> bool {
        self.0.load(Ordering::Relaxed) & !Self::WRITER_WAITS != Self::FREE
    }
}

// SAFETY: a writer turns a word without readers into `WRITER`. Nobody adds a reader to a word with that flag, and no other
// writer takes it. Readers are counted, and a writer takes no word that counts one.
unsafe impl RawRwLock for SpinningRwLock {
    const INIT: Self = Self(AtomicUsize::new(Self::FREE));

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    #[inline]
    fn lock_shared(&self) -> GuardNoSend {
        if !self.try_read(Self::WRITER | Self::WRITER_WAITS) {
            self.wait_to_read();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        self.try_read(Self::WRITER | Self::WRITER_WAITS).then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock_shared(&self, _guard: GuardNoSend) {
        self.0.fetch_sub(Self::READER, Ordering::Release);
    }

    #[inline]
    fn lock_exclusive(&self) -> GuardNoSend {
        if !self.try_write() {
            self.wait_to_write();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        self.try_write().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock_exclusive(&self, _guard: GuardNoSend) {
        // While somebody writes, nobody else changes the word.
        release(&self.0, Self::FREE);
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.is_held()
    }

    #[inline]
    fn is_locked_exclusive(&self) -> bool {
        self.0.load(Ordering::Relaxed) & Self::WRITER != 0
    }
}

// SAFETY: the writer alone has the lock, and becomes its only reader in one store.
unsafe impl RawRwLockDowngrade for SpinningRwLock {
    #[inline]
    unsafe fn downgrade(&self, guard: GuardNoSend) -> GuardNoSend {
        release(&self.0, Self::READER);
        guard
    }
}
