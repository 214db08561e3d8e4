//! The raw lock of a mutex.

use core::time::Duration;

use lock_api::{GuardNoSend, RawMutex, RawMutexFair, RawMutexTimed};
use rustix::io::Errno;
use rustix::thread::futex::{OWNER_DIED, WAITERS};

use super::error::Error;
use super::futex::{self, Deadline};
use super::thread_id;
use crate::check::might_sleep;
use crate::primitive::{AtomicBool, AtomicU32, Instant, Ordering, sleep};

/// A raw lock for real-time threads that have to outwait an ordinary holder: whoever holds it has the priority of its first waiter.
///
/// For [`Mutex`](crate::sync::Mutex), on Linux, with feature `pi`. It is `PTHREAD_PRIO_INHERIT` of POSIX, by Linux's
/// `FUTEX_LOCK_PI`.
///
/// # What priority inheritance gives
///
/// Without it, a thread of a middle priority that needs no lock at all keeps the holder from its processor, and with it the
/// real-time thread that waits for the holder, for as long as it likes. Here the holder runs with the waiter's policy and
/// priority until it releases the lock. If the holder itself waits for another lock of this kind, that one's holder inherits too.
/// The kernel hands a released lock to the waiter with the highest priority; among equals, to the one that came first.
///
/// # What it does not give
///
/// * Only the real-time policies `SCHED_FIFO`, `SCHED_RR` and `SCHED_DEADLINE` are inherited. Threads with other policies
///   are all alike, whatever their nice values: they raise nobody, and wait in the order in which they came. (`__waiter_prio` in
///   Linux's `kernel/locking/rtmutex.c`, in mainline as of 2025.)
/// * The wait is as long as the holder has the lock. If the holder sleeps meanwhile, nothing makes it wake earlier.
/// * Nothing is inherited through other locks that the holder waits for, such as [`RawParkingMutex`](super::super::RawParkingMutex).
///   Nor is there a condition variable for this lock.
///
/// See `Documentation/locking/pi-futex.rst` and `Documentation/locking/rt-mutex.rst` of mainline Linux, and futex(2).
///
/// # What it costs
///
/// To take a free lock, and to release a lock for which nobody waits, is one compare-and-exchange each. To wait is a system call, and
/// to release a lock for which somebody waits, or has begun to, is one too. It takes longer than a wake: the kernel hands the lock
/// on, and takes the priority back. Nobody spins before a wait, and no thread that comes overtakes those that wait, so a lock that
/// is often contended is slower than a `RawParkingMutex`. The first use on a thread asks the kernel for the thread's id.
///
/// # Context
///
/// Waiting for it may sleep, and is reported in a section. Trying it makes no system call, except the first of a thread, and
/// allocates and releases no memory. **A section should not hold it:** its release makes a system call (`FUTEX_UNLOCK_PI`) as soon as
/// a waiter has come. That call does not sleep, but it takes locks of the kernel, and a waiter with a higher priority gets the
/// processor at once, before the section goes on. A section that only tries it, and holds it for a few instructions, makes the call
/// only if somebody came to wait just then.
///
/// # Panics
///
/// Where a pthread mutex of this kind answers by an error, or waits for ever, this one panics, in `lock` and in
/// `try_lock_for`. `try_lock` returns `None` in all these cases.
///
/// * If this thread holds the lock (`EDEADLK`), or the holder waits for a lock that this thread holds. As `PTHREAD_MUTEX_ERRORCHECK`.
/// * If a thread has ended that held the lock, since its guard was forgotten or leaked (`ESRCH`, `FUTEX_OWNER_DIED`). Whoever waits
///   already when the thread ends panics then. A pthread mutex that is not robust lets those that come wait for ever, and
///   nobody gets the lock either: what it guards may still be borrowed.
/// * If the kernel has no such locks.
///
/// # Fork
///
/// In a child of `fork`, the thread that forked holds what it held, and releases it there by itself. Until it has, others in the
/// child look for that from time to time, and the holder inherits nothing. A lock that another thread of the parent held is not
/// released in the child: to wait for it panics. A child by a raw `clone` that does not run the handlers of `pthread_atfork`
/// must not use locks of this kind.
///
/// # Examples
///
/// ```
/// use nonblock::sync::{Mutex, RawPiMutex};
///
/// static LEVELS: Mutex<[f32; 2], RawPiMutex> = Mutex::with_raw([0.0; 2]);
///
/// nonblock::sleepable(|cx| LEVELS.lock(cx)[0] = 1.0);
/// nonblock::non_block(|_nb| assert!(LEVELS.try_lock().is_some()));
/// ```
#[derive(Debug)]
pub struct RawPiMutex {
    /// [`FREE`], or the id of the thread that holds the lock, with the kernel's bits. The kernel reads and writes it too.
    word: AtomicU32,
    /// Whether a thread has ended that held the lock. From then on nobody gets it. It is set with the lock held.
    is_abandoned: AtomicBool,
}

const FREE: u32 = 0;

/// The bits of the word that are the holder's id (`FUTEX_TID_MASK`).
const HOLDER: u32 = !(WAITERS | OWNER_DIED);

/// After how long a thread looks again whether a lock is free that was held over a fork.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

impl RawPiMutex {
    /// Takes the lock for this thread, which has this id, if it is free.
    #[inline]
    fn try_take(&self, id: u32) -> bool {
        self.word.compare_exchange(FREE, id, Ordering::Acquire, Ordering::Relaxed).is_ok()
            && !self.release_if_abandoned(id)
    }

    /// Releases the lock again, if nobody may have it. Returns whether that is so.
    #[inline]
    fn release_if_abandoned(&self, id: u32) -> bool {
        // It was set before a release of the lock, and taking the lock has acquired that.
        let is_abandoned = self.is_abandoned.load(Ordering::Relaxed);
        if is_abandoned {
            self.release(id);
        }
        is_abandoned
    }

    /// Waits for the lock, and takes it. Returns `false` if the time ran out.
    #[cold]
    fn wait(&self, timeout: Option<Duration>) -> bool {
        might_sleep();
        let deadline = timeout.and_then(Deadline::after);
        self.wait_until(thread_id::current(), deadline).unwrap_or_else(|error| error.panic())
    }

    fn wait_until(&self, id: u32, deadline: Option<Deadline>) -> Result<bool, Error> {
        loop {
            if self.is_abandoned.load(Ordering::Relaxed) {
                return Err(Error::HolderHasEnded);
            }
            if thread_id::is_child() && !self.outwait_holder_from_before_fork(deadline)? {
                return Ok(false);
            }
            match futex::lock(&self.word, deadline) {
                Ok(()) => return self.take_from_kernel(id),
                Err(Errno::TIMEDOUT) => return Ok(false),
                // The holder is about to end, and the kernel has not settled yet who gets its locks; or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => std::thread::yield_now(),
                Err(Errno::DEADLK) if self.holder() == id => return Err(Error::LockedByItself),
                Err(Errno::DEADLK) => return Err(Error::Deadlock),
                Err(Errno::SRCH) => return Err(Error::HolderHasEnded),
                Err(errno) => return Err(Error::Kernel(errno)),
            }
        }
    }

    /// Looks at the lock that the kernel has given to this thread. If the holder before has ended, its guard was forgotten, and what
    /// it guards may still be borrowed. So this thread must not have it, nor any other.
    fn take_from_kernel(&self, id: u32) -> Result<bool, Error> {
        // This load acquires what the last holder has released, by the word or through the kernel.
        if self.word.load(Ordering::Acquire) & OWNER_DIED != 0 {
            self.is_abandoned.store(true, Ordering::Relaxed);
        }
        if self.release_if_abandoned(id) { Err(Error::HolderHasEnded) } else { Ok(true) }
    }

    /// Waits, in a child of `fork`, as long as a thread has the lock that took it before the fork. The kernel must not wait here: by
    /// the word, it would wait for a thread of the parent. Returns `false` if the time ran out.
    #[cold]
    fn outwait_holder_from_before_fork(&self, deadline: Option<Deadline>) -> Result<bool, Error> {
        loop {
            let holder = self.holder();
            if holder == FREE || thread_id::is_of_this_process(holder) {
                return Ok(true);
            }
            if self.holder() != holder {
                // That one has released it since, and ended.
                continue;
            }
            if thread_id::was_mine(holder) {
                return Err(Error::LockedByItself);
            }
            if !thread_id::is_from_before_fork(holder) {
                return Err(Error::HolderIsNotHere);
            }
            match deadline.map(Deadline::left) {
                None => sleep(LOOK_AGAIN),
                Some(Some(left)) => sleep(left.min(LOOK_AGAIN)),
                Some(None) => return Ok(false),
            }
        }
    }

    fn holder(&self) -> u32 {
        self.word.load(Ordering::Relaxed) & HOLDER
    }

    /// Releases the lock, which this thread holds.
    #[inline]
    fn release(&self, id: u32) {
        if self.word.compare_exchange(id, FREE, Ordering::Release, Ordering::Relaxed).is_err() {
            self.hand_on(id);
        }
    }

    #[cold]
    fn hand_on(&self, id: u32) {
        let holder = self.holder();
        if holder == id {
            while let Err(errno) = futex::unlock(&self.word) {
                if !matches!(errno, Errno::AGAIN | Errno::INTR) {
                    Error::Kernel(errno).panic();
                }
            }
        } else if thread_id::was_mine(holder) {
            // It was taken before a fork. Those that waited then are not here, and those that wait here look again.
            self.word.store(FREE, Ordering::Release);
        } else {
            // A guard whose lock was released for a while, and whose wait for it panicked, comes here when it is dropped. Then the
            // lock is another thread's. This ends the program, as a second panic.
            Error::ReleasedByAnother.panic();
        }
    }
}

// SAFETY: whoever turns `FREE` into its id has the lock until it turns that into `FREE`, or the kernel hands the lock on to one
// waiter, on the holder's behalf. If the kernel hands on what nobody has released, the lock is released again, and nobody gets it.
unsafe impl RawMutex for RawPiMutex {
    const INIT: Self = Self { word: AtomicU32::new(FREE), is_abandoned: AtomicBool::new(false) };

    type Guard = GuardNoSend;

    #[inline]
    fn lock(&self) -> GuardNoSend {
        if !self.try_take(thread_id::current()) {
            self.wait(None);
        }
        GuardNoSend::new()
    }

    #[inline]
    fn try_lock(&self) -> Option<GuardNoSend> {
        self.try_take(thread_id::current()).then(GuardNoSend::new)
    }

    #[inline]
    unsafe fn unlock(&self, _guard: GuardNoSend) {
        self.release(thread_id::current());
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.word.load(Ordering::Relaxed) != FREE
    }
}

// SAFETY: as above.
unsafe impl RawMutexFair for RawPiMutex {
    /// Every release is fair: with somebody waiting, the kernel hands the lock on.
    #[inline]
    unsafe fn unlock_fair(&self, _guard: GuardNoSend) {
        self.release(thread_id::current());
    }
}

// SAFETY: as above.
unsafe impl RawMutexTimed for RawPiMutex {
    type Duration = Duration;
    type Instant = Instant;

    #[inline]
    fn try_lock_for(&self, timeout: Duration) -> Option<GuardNoSend> {
        let has_it = self.try_take(thread_id::current()) || self.wait(Some(timeout));
        has_it.then(GuardNoSend::new)
    }

    #[inline]
    fn try_lock_until(&self, deadline: Instant) -> Option<GuardNoSend> {
        self.try_lock_for(deadline.saturating_duration_since(Instant::now()))
    }
}
