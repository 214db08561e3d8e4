//! When a report can be made, and by whom: one thread at a time, and nowhere where it could wait for itself.
//!
//! A report allocates, reads files and takes locks. A section can end where that must not be done: in a signal handler that has
//! interrupted the allocator, or within the allocator itself. Then what was seen waits for the thread's next section. A child
//! process begins with the locks of its parent as they are, so a fork waits for a report to be done. All waits have an end.

use core::cell::Cell;
// The kernel looks at 32 bits.
use core::sync::atomic::AtomicU32;
use core::time::Duration;
use std::time::Instant;

use crate::primitive::{AtomicUsize, Ordering};

use super::raw_code;

/// std's `Mutex` has no end to its waits. A child sets this one to what it is to be, so it is the watch's own.
static LOCK: AtomicU32 = AtomicU32::new(FREE);

const FREE: u32 = 0;
const LOCKED: u32 = 1;
/// Locked, and others may wait.
const AWAITED: u32 = 2;

/// The process whose locks are known to be in order.
static PROCESS: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    /// Whether this thread has the lock.
    static MINE: Cell<bool> = const { Cell::new(false) };
    /// Whether it has it for a fork.
    static FOR_FORK: Cell<bool> = const { Cell::new(false) };
}

/// How long to wait for a report of another thread.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to make a report, until it is dropped.
#[derive(Debug)]
pub(super) struct ReportLock {
    _private: (),
}

/// Why a report cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not here. Elsewhere on this thread it can.
    Here,
    /// Not in this process: another thread of its parent may have had locks when it was made.
    InThisProcess,
}

impl ReportLock {
    /// Takes the lock, if a report can be made here.
    pub(super) fn for_report() -> Result<Self, Refused> {
        if raw_code::process() != PROCESS.load(Ordering::Relaxed) {
            return Err(Refused::InThisProcess);
        }
        if MINE.get() || super::allocator::is_within() || in_signal_handler() {
            return Err(Refused::Here);
        }
        if take() { Ok(Self { _private: () }) } else { Err(Refused::Here) }
    }

    /// Takes the lock to change what reports look at. `None` if a report takes too long, or this is within one: then the change is
    /// made without.
    pub(super) fn for_change() -> Option<Self> {
        (!MINE.get() && take()).then_some(Self { _private: () })
    }
}

impl Drop for ReportLock {
    fn drop(&mut self) {
        release();
    }
}

/// Takes the lock. Returns whether it could before its patience was over.
fn take() -> bool {
    let taken = LOCK.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
        || take_after_others();
    if taken {
        MINE.set(true);
    }
    taken
}

fn take_after_others() -> bool {
    let start = Instant::now();
    while LOCK.swap(AWAITED, Ordering::Acquire) != FREE {
        let Some(rest) = PATIENCE.checked_sub(start.elapsed()) else { return false };
        let rest = libc::timespec {
            tv_sec: rest.as_secs().cast_signed(),
            tv_nsec: rest.subsec_nanos().into(),
        };
        futex(libc::FUTEX_WAIT, AWAITED, &raw const rest);
    }
    true
}

fn release() {
    MINE.set(false);
    if LOCK.swap(FREE, Ordering::Release) == AWAITED {
        futex(libc::FUTEX_WAKE, 1, core::ptr::null());
    }
}

/// Waits for the lock or wakes one who does. Where it fails, the lock is looked at again, or another looks at the end of its wait.
fn futex(operation: i32, value: u32, timeout: *const libc::timespec) {
    let operation = (operation | libc::FUTEX_PRIVATE_FLAG).cast_unsigned() as usize;
    let arguments = [LOCK.as_ptr() as usize, operation, value as usize, timeout as usize, 0, 0];
    // SAFETY: the word is there for ever, and the kernel reads the time during the call.
    unsafe { raw_code::syscall(libc::SYS_futex, arguments) };
}

/// Returns whether this thread makes a report.
pub(super) fn is_mine() -> bool {
    MINE.get()
}

/// Notes that the locks of this process are in order.
pub(super) fn set_process() {
    PROCESS.store(raw_code::process(), Ordering::Relaxed);
}

/// Called before a fork.
pub(super) fn before_fork() {
    FOR_FORK.set(!MINE.get() && take());
}

/// Called after a fork, in the parent.
pub(super) fn after_fork_in_parent() {
    if FOR_FORK.replace(false) {
        release();
    }
}

/// Called after a fork, in the child.
pub(super) fn after_fork_in_child() {
    if FOR_FORK.replace(false) {
        release();
        set_process();
    } else if MINE.get() {
        // A signal handler forks within a report, which goes on in the child.
        set_process();
    }
}

/// Returns whether this runs in a signal handler: whether the frame of a signal lies on the stack.
#[cfg(target_arch = "x86_64")]
fn in_signal_handler() -> bool {
    use super::trap::{read_bytes, restorers};

    /// How far up the stack is looked at.
    const PAGES: usize = 16;
    const PAGE: usize = 4096;
    /// What the kernel saves in the lower half of the word for the segments: that of the code.
    const CODE_SEGMENT: u64 = 0x33;
    /// Where that word is, in words from the frame's beginning.
    const SEGMENTS: usize =
        (core::mem::offset_of!(libc::ucontext_t, uc_mcontext) / 8) + libc::REG_CSGSFS as usize + 1;

    let restorers = restorers();
    let mut words = [0u64; PAGE / 4];
    let here = (&raw const words).addr() + size_of_val(&words);
    let mut from = here - here % 8;
    let mut kept = 0;
    for _ in 0..PAGES {
        // Two parts, since a frame can lie across the end of one.
        let end = (from / PAGE + 1) * PAGE;
        let len = (end - from) / 8;
        if !read_bytes(from, words[kept..].as_mut_ptr().cast(), len * 8) {
            return false;
        }
        let all = kept + len;
        let found = (0..all.saturating_sub(SEGMENTS)).any(|at| {
            restorers.contains(&words[at])
                && words[at] != 0
                && words[at + SEGMENTS] & 0xffff == CODE_SEGMENT
        });
        if found {
            return true;
        }
        kept = all.min(SEGMENTS);
        words.copy_within(all - kept..all, 0);
        from = end;
    }
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn in_signal_handler() -> bool {
    false
}
