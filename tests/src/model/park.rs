//! Threads that park, with the standard library's interface.
//!
//! The checker's own (loom 0.7.3) forget an unparking that comes while the thread yields, which the standard library's keep.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::clock;
use super::queue::Waiter;

loom::thread_local! {
    static CURRENT: Thread = Thread {
        thread: loom::thread::current(),
        is_unparked: Arc::new(AtomicBool::new(false)),
    };
}

/// As the standard library's.
#[derive(Clone, Debug)]
pub struct Thread {
    thread: loom::thread::Thread,
    /// Not seen by the checker. It is read and written between two steps that are.
    is_unparked: Arc<AtomicBool>,
}

impl Thread {
    /// As the standard library's.
    pub fn unpark(&self) {
        self.is_unparked.store(true, Relaxed);
        // This orders the two threads, also where the other one is not parked.
        self.thread.unpark();
    }
}

/// As the standard library's.
#[must_use]
pub fn current() -> Thread {
    CURRENT.with(Clone::clone)
}

/// As the standard library's.
pub fn park() {
    let this = current();
    while !this.is_unparked.swap(false, Relaxed) {
        // Between the look and this there is no step at which the checker changes threads.
        loom::thread::park();
    }
}

/// As the standard library's, by the model's clock.
pub fn park_timeout(_time: Duration) {
    clock::see();
    if !clock::has_run_out() {
        clock::unpark_then(current());
        park();
    }
}

loom::lazy_static! {
    /// A lock that the checker does not see: it is held between two of its operations only.
    static ref LOCK_WAITERS: Mutex<Vec<Arc<Waiter>>> = Mutex::new(Vec::new());
}

/// Tries to take a lock until it is taken, and sleeps in between until one is free.
pub fn wait_for_lock(mut try_lock: impl FnMut() -> bool) {
    // The checker changes threads before a step, so no lock becomes free between a try and the sleep.
    while !try_lock() {
        let waiter = Waiter::new();
        LOCK_WAITERS.lock().unwrap().push(Arc::clone(&waiter));
        waiter.park();
    }
}

/// Wakes those who sleep until a lock is free. Called right after the step that made it so.
pub fn lock_is_free() {
    let waiters = std::mem::take(&mut *LOCK_WAITERS.lock().unwrap());
    waiters.iter().for_each(|waiter| waiter.wake());
}

/// Whether the checker has found a fault, and unwinds the threads of the model.
pub fn is_over() -> bool {
    std::thread::panicking()
}
