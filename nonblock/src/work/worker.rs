//! The workers: threads that handle the items of a queue.

use core::cell::Cell;
use core::mem;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread as native;
use std::thread_local;
use std::vec::Vec;

use super::live_workers::{LiveWorkers, Member};
use super::shared::Shared;
use super::worker_seq::BusyCount;
use crate::thread::{Builder, JoinHandle};
use crate::token::Sleepable;
use crate::unwind;
use crate::violation::Place;

/// A thread that handles the items of a queue. [`Queue::worker`](super::Queue::worker) starts one.
///
/// # Context
///
/// It is only a handle. Dropping it does nothing to the worker, which runs until its queue is shut down or dropped. If it is the
/// last handle of a thread that has ended, dropping it releases a few words of memory.
#[derive(Clone, Debug)]
pub struct Worker {
    thread: native::Thread,
}

impl Worker {
    /// Returns the handle of the worker's thread, with its name and identifier.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub const fn thread(&self) -> &native::Thread {
        &self.thread
    }
}

/// The workers of a queue.
#[derive(Debug, Default)]
pub(super) struct Workers {
    threads: Vec<JoinHandle<()>>,
    busy_counts: Vec<Arc<BusyCount>>,
    running: Arc<LiveWorkers>,
}

thread_local! {
    /// The address of the `Shared` of the queue that this thread works for. The thread owns a share of it.
    static WORKER_OF: Cell<usize> = const { Cell::new(0) };
}

/// Returns whether this thread is a worker of the queue.
pub(super) fn is_worker_of<T>(shared: &Arc<Shared<T>>) -> bool {
    WORKER_OF.get() == Arc::as_ptr(shared).addr()
}

/// Locks the list of workers. While it is locked, nothing is waited for, and no code of the user runs.
pub(super) fn lock(workers: &Mutex<Workers>) -> MutexGuard<'_, Workers> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a worker.
///
/// The list of workers is not locked while the thread is started: a start in a section is reported, and the report may call a
/// handler of the user.
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
        // It is dropped last: the handler, and what it captured, are dropped before the membership ends.
        let _member = member;
        let (shared, mut handler) = (shared, handler);
        WORKER_OF.set(Arc::as_ptr(&shared).addr());
        while let Some(item) = shared.next_item(&own_seq) {
            let panicked = {
                #[cfg(feature = "lockdep")]
                let _item = shared.work_class.region_at(place);
                handle(&mut handler, item, cx, place)
            };
            shared.finish_item(&own_seq, panicked);
        }
    });
    match started {
        Ok(thread) => {
            let worker = Worker { thread: thread.thread().clone() };
            lock(workers).threads.push(thread);
            Ok(worker)
        }
        Err(error) => {
            lock(workers).busy_counts.retain(|other| !Arc::ptr_eq(other, &seq));
            Err(error)
        }
    }
}

impl Workers {
    /// Adds a worker that is about to be started.
    fn add(&mut self) -> (Member, Arc<BusyCount>) {
        let seq = Arc::new(BusyCount::new());
        self.busy_counts.push(Arc::clone(&seq));
        (Member::join(&self.running), seq)
    }

    /// Returns the sequence counts of all workers.
    pub(super) fn busy_counts(&self) -> Vec<Arc<BusyCount>> {
        self.busy_counts.clone()
    }

    /// Returns the group of the workers that have not ended.
    pub(super) fn running(&self) -> Arc<LiveWorkers> {
        Arc::clone(&self.running)
    }

    /// Takes the handles of the threads, to join them.
    pub(super) fn take_threads(&mut self) -> Vec<JoinHandle<()>> {
        mem::take(&mut self.threads)
    }
}

/// Handles an item, and returns whether the handler panicked. It leaves the thread outside sections, and not unwinding.
fn handle<T>(
    handler: &mut impl FnMut(T, &mut Sleepable),
    item: T,
    cx: &mut Sleepable,
    place: Place,
) -> bool {
    unwind::catch(place, || handler(item, cx)).is_none()
}
