//! What locks beneath the spin locks: a word for one holder, and one for one writer or many readers.

use lock_api::{GuardNoSend, RawMutex, RawRwLock, RawRwLockDowngrade};

use crate::primitive::{
    AtomicBool, AtomicUsize, LOOKS_FOR_AN_OVERDUE_WAITER, LOOKS_FOR_AN_OVERDUE_WRITER,
    LOOKS_UNTIL_OVERDUE, Ordering, release, spin,
};

/// How waiters treat one another: whoever has waited for long goes first.
///
/// There is no queue. In one, a waiter would wait for the waiter ahead, which may have lost its processor. But without any order,
/// a thread that takes the lock again as soon as it has released it would keep all others out, as the lock's word is in its
/// cache. So a waiter that has looked often enough sets this flag. While it is set, whoever comes lets the others go first,
/// for a bounded number of looks. It has taken the lock before it looks at the flag, and gives it back at once. Few of them may find that nobody at all has the lock: then the overdue waiter itself has lost
/// its processor. Many may find that others read, since an overdue writer waits for the last of them.
#[derive(Debug)]
struct Overdue(AtomicBool);

impl Overdue {
    const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Whether somebody has waited for long.
    #[inline]
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until `try_take` took the lock. `is_free` looks whether that may succeed, and `is_held` whether anybody has the lock.
    fn wait(
        &self,
        is_free: impl Fn() -> bool,
        is_held: impl Fn() -> bool,
        try_take: impl Fn() -> bool,
    ) {
        let (mut pause, mut looks) = (Pause::default(), 0);
        let (mut let_go_first, mut let_go_first_of_readers) = (0, 0);
        loop {
            let is_overdue = looks >= LOOKS_UNTIL_OVERDUE;
            let goes_first = is_overdue
                || let_go_first >= LOOKS_FOR_AN_OVERDUE_WAITER
                || let_go_first_of_readers >= LOOKS_FOR_AN_OVERDUE_WRITER;
            if !is_free() {
                looks += 1;
            } else if !goes_first && self.is_set() {
                // These looks do not make it overdue: it is not kept out, but lets somebody go first.
                if is_held() {
                    let_go_first_of_readers += 1;
                } else {
                    let_go_first += 1;
                }
            } else if try_take() {
                if is_overdue {
                    // Whoever else is overdue sets it again at its next look.
                    self.0.store(false, Ordering::Relaxed);
                }
                return;
            } else {
                looks += 1;
            }
            if is_overdue && !self.is_set() {
                self.0.store(true, Ordering::Relaxed);
            }
            if looks >= LOOKS_UNTIL_OVERDUE && !is_overdue {
                // From now on it looks often, so that the others do not wait for it in vain.
                pause = Pause::SHORTEST;
            }
            pause.take(looks < LOOKS_UNTIL_OVERDUE);
        }
    }
}

/// A pause between two looks at a lock. It grows up to a limit, so that a waiter does not slow the holder down by looking, and
/// still sees soon that the lock is free.
#[derive(Default)]
struct Pause {
    step: u32,
}

impl Pause {
    const SHORTEST: Self = Self { step: 0 };
    const LIMIT: u32 = 6;

    fn take(&mut self, grows: bool) {
        spin(1 << self.step);
        if grows {
            self.step = (self.step + 1).min(Self::LIMIT);
        }
    }
}

/// What locks beneath a `SpinLock`: a flag, which is tested, and then tested and set.
#[derive(Debug)]
pub struct SpinningMutex {
    held: AtomicBool,
    overdue: Overdue,
}

impl SpinningMutex {
    #[inline]
    fn try_take(&self) -> bool {
        self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Clears the flag, for the holder.
    #[inline]
    fn give_back(&self) {
        self.held.store(false, Ordering::Release);
    }

    /// Gives the lock back that was just taken, and waits.
    #[cold]
    fn let_others_go_first(&self) {
        self.give_back();
        self.wait();
    }

    #[cold]
    fn wait(&self) {
        self.overdue.wait(|| !self.is_locked(), || false, || self.try_take());
    }
}

// SAFETY: whoever sets the flag has the lock until it clears it.
unsafe impl RawMutex for SpinningMutex {
    const INIT: Self = Self { held: AtomicBool::new(false), overdue: Overdue::new() };

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        // First the exchange, so that the cache line comes once, and to be written to.
        if !self.try_take() {
            self.wait();
        } else if self.overdue.is_set() {
            self.let_others_go_first();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_take().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        self.give_back();
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }
}

/// What locks beneath a `SpinRwLock`: a word that says whether somebody writes, and how many read.
///
/// A writer that has waited for long is overdue, and readers that come let it go first for a bounded number of looks. A
/// thread that reads already can thus read again.
#[derive(Debug)]
pub struct SpinningRwLock {
    word: AtomicUsize,
    overdue: Overdue,
}

impl SpinningRwLock {
    const FREE: usize = 0;
    /// Somebody writes. Then there are no readers.
    const WRITER: usize = 1;
    /// One reader.
    const READER: usize = 2;

    /// Adds a reader, unless somebody writes. A reader that is refused changes nothing.
    ///
    /// It does not look first, but supposes that the lock is free. If not, the exchange tells what there is, and has brought
    /// the cache line, to be written to. To look first would bring it twice.
    #[inline]
    fn try_read(&self) -> bool {
        let exchange = |word: usize, more: usize| {
            self.word.compare_exchange(word, more, Ordering::Acquire, Ordering::Relaxed)
        };
        let Err(mut word) = exchange(Self::FREE, Self::READER) else { return true };
        while word & Self::WRITER == 0 {
            let more = word.checked_add(Self::READER).expect("fewer readers than addresses");
            match exchange(word, more) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Takes a reader away.
    #[inline]
    fn end_read(&self) {
        self.word.fetch_sub(Self::READER, Ordering::Release);
    }

    /// Ends the reading that was just begun, and waits.
    #[cold]
    fn let_a_writer_go_first(&self) {
        self.end_read();
        self.wait_to_read();
    }

    #[cold]
    fn wait_to_read(&self) {
        self.overdue.wait(|| !self.is_locked_exclusive(), || self.is_locked(), || self.try_read());
    }

    #[inline]
    fn try_write(&self) -> bool {
        let (free, writer) = (Self::FREE, Self::WRITER);
        self.word.compare_exchange(free, writer, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Lets others in, for the writer.
    #[inline]
    fn end_write(&self) {
        // While somebody writes, nobody else changes the word.
        release(&self.word, Self::FREE);
    }

    /// Ends the writing that was just begun, and waits.
    #[cold]
    fn let_others_go_first(&self) {
        self.end_write();
        self.wait_to_write();
    }

    #[cold]
    fn wait_to_write(&self) {
        self.overdue.wait(|| !self.is_locked(), || false, || self.try_write());
    }
}

// SAFETY: a writer turns a word that counts no readers into `WRITER`. Nobody adds a reader to that, and no other writer
// takes it.
unsafe impl RawRwLock for SpinningRwLock {
    const INIT: Self = Self { word: AtomicUsize::new(Self::FREE), overdue: Overdue::new() };

    type SharedGuard = GuardNoSend;
    type ExclusiveGuard = GuardNoSend;

    #[inline]
    fn lock_shared(&self) -> GuardNoSend {
        if !self.try_read() {
            self.wait_to_read();
        } else if self.overdue.is_set() {
            self.let_a_writer_go_first();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_shared(&self) -> Option<GuardNoSend> {
        self.try_read().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock_shared(&self, _guard: GuardNoSend) {
        self.end_read();
    }

    #[inline]
    fn lock_exclusive(&self) -> GuardNoSend {
        if !self.try_write() {
            self.wait_to_write();
        } else if self.overdue.is_set() {
            self.let_others_go_first();
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock_exclusive(&self) -> Option<GuardNoSend> {
        self.try_write().then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock_exclusive(&self, _guard: GuardNoSend) {
        self.end_write();
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.word.load(Ordering::Relaxed) != Self::FREE
    }

    #[inline]
    fn is_locked_exclusive(&self) -> bool {
        self.word.load(Ordering::Relaxed) & Self::WRITER != 0
    }
}

// SAFETY: the writer alone has the lock, and becomes its only reader in one store.
unsafe impl RawRwLockDowngrade for SpinningRwLock {
    #[inline]
    unsafe fn downgrade(&self, guard: GuardNoSend) -> GuardNoSend {
        release(&self.word, Self::READER);
        guard
    }
}
