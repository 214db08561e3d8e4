//! A thread that sleeps and is to be woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::{self, Thread};

/// A thread that waits, again and again, until the process ends.
#[derive(Debug)]
pub struct Sleeper {
    id: Arc<AtomicI32>,
    thread: Thread,
}

impl Sleeper {
    /// Starts one: each call of the closure waits until it is woken.
    pub fn start(mut wait: impl FnMut() + Send + 'static) -> Self {
        let id = Arc::new(AtomicI32::new(0));
        let of_thread = Arc::clone(&id);
        let handle = thread::spawn(move || {
            // SAFETY: this takes nothing.
            of_thread.store(unsafe { libc::gettid() }, Ordering::SeqCst);
            loop {
                wait();
            }
        });
        Self { id, thread: handle.thread().clone() }
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits until the thread sleeps. It sleeps nowhere but in what it was started with.
    pub fn falls_asleep(&self) {
        loop {
            let id = self.id.load(Ordering::SeqCst);
            if id != 0 {
                let stat = std::fs::read_to_string(format!("/proc/self/task/{id}/stat"));
                if stat.is_ok_and(|stat| stat.contains(") S ")) {
                    return;
                }
            }
            thread::yield_now();
        }
    }
}
