//! Threads that wait in a queue, and are woken one by one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use loom::sync::atomic::Ordering;
use loom::thread::{Thread, current, park};

use super::clock;
use super::number::Number;

/// A thread that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    thread: Thread,
    notified: AtomicBool,
    /// It has parked, and nobody has woken it. The checker wakes whatever a thread waits for, a mutex too, so nobody
    /// else must be woken.
    parked: AtomicBool,
}

impl Waiter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            thread: current(),
            notified: AtomicBool::new(false),
            parked: AtomicBool::new(false),
        })
    }

    pub(super) fn park(&self) {
        // From here to the thread's being parked there is no step at which the checker changes threads.
        self.parked.store(true, Relaxed);
        park();
    }

    pub(super) fn wake(&self) {
        if self.parked.swap(false, Relaxed) {
            self.thread.unpark();
        }
    }
}

/// Who waits first is woken first, and nobody without a notification.
#[derive(Debug)]
pub(super) struct Queue {
    /// Lets the checker see that the operations depend on one another. It orders nothing else.
    seen: Number,
    /// A lock that the checker does not see: it is held between two of its operations only.
    waiters: Mutex<VecDeque<Arc<Waiter>>>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { seen: Number::new(0), waiters: Mutex::new(VecDeque::new()) }
    }

    /// Puts this thread into the queue: from now on it can be notified.
    pub(super) fn enter(&self, timed: bool) -> Arc<Waiter> {
        let waiter = Waiter::new();
        if timed {
            clock::wake_then(Arc::clone(&waiter));
        }
        self.change(|waiters| waiters.push_back(Arc::clone(&waiter)));
        waiter
    }

    /// Waits for the notification, and not longer than until the time runs out if it is a wait with a time. Says whether
    /// it has run out.
    pub(super) fn wait(&self, waiter: &Arc<Waiter>, timed: bool) -> bool {
        loop {
            if timed {
                clock::see();
            }
            let ended = self.change(|waiters| {
                if waiter.notified.load(Relaxed) {
                    return Some(false);
                }
                let late = timed && clock::has_run_out();
                late.then(|| {
                    waiters.retain(|other| !Arc::ptr_eq(other, waiter));
                    true
                })
            });
            match ended {
                Some(timed_out) => return timed_out,
                None => waiter.park(),
            }
        }
    }

    /// Notifies the one that has waited longest, and says whether there was one.
    pub(super) fn notify_one(&self) -> bool {
        notify(self.change(VecDeque::pop_front)) == 1
    }

    /// Notifies all that wait, and returns how many there were.
    pub(super) fn notify_all(&self) -> usize {
        notify(self.change(std::mem::take))
    }

    fn change<R>(&self, change: impl FnOnce(&mut VecDeque<Arc<Waiter>>) -> R) -> R {
        self.seen.fetch_add(1, Ordering::Relaxed);
        change(&mut self.waiters.lock().unwrap())
    }
}

fn notify(waiters: impl IntoIterator<Item = Arc<Waiter>>) -> usize {
    let notify = |waiter: Arc<Waiter>| {
        waiter.notified.store(true, Relaxed);
        waiter.wake();
    };
    waiters.into_iter().map(notify).count()
}
