//! The kernel's id of this thread: asked for once, and again after a fork.
//!
//! A child of `fork` begins with a copy of the thread that forked, its thread-local variables included, and with another id. A
//! handler of `pthread_atfork` clears the copy. It is registered before `main`. Where that failed, no id is ever kept, and each
//! use asks the kernel. Whoever makes a process by a raw `clone` goes by the handler, as by those of the C library itself. A
//! child of `vfork` may only execute another program, or exit.

use core::array;

use rustix::thread::gettid;

use crate::primitive::{AtomicBool, AtomicU32, Ordering, per_thread};

/// How many forks before this one are known by the id that the thread which forked had then.
const FORKS: usize = 8;

per_thread! {
    /// The id of this thread, or 0 before it is known.
    static ID: u32 = 0;
}

per_thread! {
    /// Whether this thread came over a fork: it is the one with which a child began.
    static CAME_OVER_FORK: bool = false;
}

/// Whether the handler is registered.
static HANDLER_IS_REGISTERED: AtomicBool = AtomicBool::new(false);

/// Whether this process is a child whose parent could have locks.
static IS_CHILD: AtomicBool = AtomicBool::new(false);

/// The ids that the thread which came over the fork had before, in this process's parent and further back. The oldest is
/// overwritten first.
static IDS_BEFORE: [AtomicU32; FORKS] = [const { AtomicU32::new(0) }; FORKS];

extern "C" fn register() {
    // SAFETY: the handler calls nothing that a child must not: it stores to atomics and to thread-local variables without
    // a destructor.
    let answer = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    HANDLER_IS_REGISTERED.store(answer == 0, Ordering::Relaxed);
}

// What is in this section must be functions that can be called before `main`, which is why the attribute is unsafe. This one
// calls a function of the C library and stores to an atomic. It needs nothing of the standard library, and takes fewer
// arguments than it gets.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = register;

/// Runs in a child of `fork`, on its only thread.
unsafe extern "C" fn in_child() {
    let before = ID.replace(0);
    let came_over_fork = CAME_OVER_FORK.replace(true);
    IS_CHILD.store(true, Ordering::Relaxed);
    let mut ids: [u32; FORKS] = array::from_fn(|at| IDS_BEFORE[at].load(Ordering::Relaxed));
    if !came_over_fork {
        // Those were the ids of another thread, which stayed in the parent.
        ids.fill(0);
    }
    // A thread that never asked for its id held no lock under it.
    if before != 0 {
        ids.rotate_right(1);
        ids[0] = before;
    }
    for (slot, id) in IDS_BEFORE.iter().zip(ids) {
        slot.store(id, Ordering::Relaxed);
    }
}

/// Returns the id of this thread. It is never 0.
#[inline]
pub(super) fn current() -> u32 {
    match ID.get() {
        0 => ask(),
        id => id,
    }
}

#[cold]
fn ask() -> u32 {
    let id = gettid().as_raw_pid().cast_unsigned();
    if HANDLER_IS_REGISTERED.load(Ordering::Relaxed) {
        ID.set(id);
    }
    id
}

/// Returns whether this process is a child of `fork`.
#[inline]
pub(super) fn is_child() -> bool {
    IS_CHILD.load(Ordering::Relaxed)
}

/// Returns whether the thread that came over the fork had this id before.
pub(super) fn is_from_before_fork(id: u32) -> bool {
    IDS_BEFORE.iter().any(|before| before.load(Ordering::Relaxed) == id)
}

/// Returns whether this very thread had this id before it came over a fork.
pub(super) fn was_mine(id: u32) -> bool {
    CAME_OVER_FORK.get() && is_from_before_fork(id)
}

/// Returns whether a thread of this process has this id.
pub(super) fn is_of_this_process(id: u32) -> bool {
    const NO_SIGNAL: libc::c_int = 0;
    // SAFETY: without a signal the call only looks whether there is such a thread.
    let answer = unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), id, NO_SIGNAL) };
    answer == 0
}
