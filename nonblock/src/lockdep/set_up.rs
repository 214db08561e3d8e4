//! What is done once in a process: when a thread looks first, outside sections.

#[cfg(target_os = "linux")]
use core::sync::atomic::{AtomicBool, Ordering};

#[cfg(target_os = "linux")]
use super::environment;
use crate::backend;
#[cfg(target_os = "linux")]
use crate::backend::{ActiveBackend, Backend as _};
use crate::lock_graph::ThreadLocks;
#[cfg(target_os = "linux")]
use crate::lock_graph::{InheritedSections, with_thread};

/// Sets things up, if no thread has. In a section, and in a signal handler, it is left to a later look: it reads the environment.
#[inline]
pub(super) fn once(thread: &ThreadLocks) {
    if thread.is_new() {
        first_look(thread);
    }
}

#[cold]
fn first_look(thread: &ThreadLocks) {
    if backend::in_section() == Some(true) || thread.is_in_signal_handler() {
        return;
    }
    // First, so that a lock which is taken meanwhile, by the allocator for instance, does not lead here again.
    thread.set_known();
    #[cfg(target_os = "linux")]
    set_up();
}

#[cfg(target_os = "linux")]
fn set_up() {
    static IS_SET_UP: AtomicBool = AtomicBool::new(false);

    // Others do not wait for the first: if it is left behind by a fork, they would wait for ever.
    if IS_SET_UP.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: the function touches nothing but its thread's own cells. Where it cannot be registered, forks are not seen.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    environment::read();
    #[cfg(feature = "watch")]
    super::allocations::observe();
}

/// Runs in the child, on the only thread that it has.
#[cfg(target_os = "linux")]
extern "C" fn in_child() {
    let depth = ActiveBackend::depth().unwrap_or(0);
    let sections = InheritedSections { depth, began: ActiveBackend::began() };
    with_thread(|thread| thread.enters_process(sections));
}
