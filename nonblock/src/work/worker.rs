//! The threads that handle a queue's items.

use core::cell::Cell;
use core::mem;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread as native;
use std::thread_local;
use std::vec::Vec;

use super::seq_count::SeqCount;
use super::shared::Shared;
use super::wait_group::{Member, WaitGroup};
use crate::thread::{Builder, JoinHandle};
use crate::token::Sleepable;
use crate::unwind;
use crate::violation::Place;

/// A thread that handles a queue's items. Made by [`Queue::worker`](super::Queue::worker).
///
/// # Context
///
/// It is a handle to look at. Dropping it does nothing: the worker runs until its queue is shut down or dropped.
#[derive(Clone, Debug)]
pub struct Worker {
    thread: native::Thread,
}

impl Worker {
    /// Returns the worker's thread, with its name and identifier.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub const fn thread(&self) -> &native::Thread {
        &self.thread
    }
}

/// A queue's workers.
#[derive(Debug, Default)]
pub(super) struct Workers {
    threads: Vec<JoinHandle<()>>,
    seq_counts: Vec<Arc<SeqCount>>,
    running: Arc<WaitGroup>,
}

thread_local! {
    /// The queue whose worker this thread is, by the address of what it shares with the queue. It holds on to that.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

/// Says whether this thread is one of the queue's workers.
pub(super) fn is_worker_of<T>(shared: &Arc<Shared<T>>) -> bool {
    WORKS_FOR.get() == Arc::as_ptr(shared).addr()
}

/// Locks the list of workers for a moment. Meanwhile nothing is waited for, and no code of the user runs.
pub(super) fn lock(workers: &Mutex<Workers>) -> MutexGuard<'_, Workers> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a worker.
///
/// Starting a thread may be reported to a handler of the user, so the list of workers is not locked meanwhile.
#[track_caller]
pub(super) fn spawn<T, F>(
    workers: &Mutex<Workers>,
    name: &str,
    shared: Arc<Shared<T>>,
    handler: F,
    place: Place,
) -> io::Result<Worker>
where
    T: Send + 'static,
    F: FnMut(T, &mut Sleepable) + Send + 'static,
{
    let (member, seq) = lock(workers).add();
    let own_seq = Arc::clone(&seq);
    // If the thread cannot be started, the closure is dropped, and the membership ends with it.
    let started = Builder::new().name(name).spawn(move |cx| {
        // Dropped last: the handler, and what it captured, are gone before the membership ends.
        let _member = member;
        let (shared, mut handler) = (shared, handler);
        WORKS_FOR.set(Arc::as_ptr(&shared).addr());
        while let Some(item) = shared.wait_for_item(&own_seq) {
            shared.handled(&own_seq, handle(&mut handler, item, cx, place));
        }
    });
    match started {
        Ok(thread) => {
            let worker = Worker { thread: thread.thread().clone() };
            lock(workers).threads.push(thread);
            Ok(worker)
        }
        Err(error) => {
            lock(workers).seq_counts.retain(|other| !Arc::ptr_eq(other, &seq));
            Err(error)
        }
    }
}

impl Workers {
    /// Counts in a worker that is about to be started.
    fn add(&mut self) -> (Member, Arc<SeqCount>) {
        let seq = Arc::new(SeqCount::new());
        self.seq_counts.push(Arc::clone(&seq));
        (Member::join(&self.running), seq)
    }

    /// Returns the sequence counts of all workers.
    pub(super) fn seq_counts(&self) -> Vec<Arc<SeqCount>> {
        self.seq_counts.clone()
    }

    /// Returns the group of those that have not ended.
    pub(super) fn running(&self) -> Arc<WaitGroup> {
        Arc::clone(&self.running)
    }

    /// Gives the threads away, to be joined.
    pub(super) fn take_threads(&mut self) -> Vec<JoinHandle<()>> {
        mem::take(&mut self.threads)
    }
}

/// Handles an item, and leaves the thread as it was before. Returns whether the handler panicked.
fn handle<T>(
    handler: &mut impl FnMut(T, &mut Sleepable),
    item: T,
    cx: &mut Sleepable,
    place: Place,
) -> bool {
    unwind::catch(place, || handler(item, cx)).is_none()
}
