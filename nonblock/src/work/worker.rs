//! The threads that handle a queue's items.

use core::cell::Cell;
use core::mem;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread as native;
use std::thread_local;
use std::vec::Vec;

use super::duty::{Duty, OnDuty};
use super::round::Round;
use super::shared::Shared;
use crate::report::Place;
use crate::thread::{Builder, JoinHandle};
use crate::token::Sleepable;
use crate::unwind;

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
pub(super) struct Crew {
    threads: Vec<JoinHandle<()>>,
    rounds: Vec<Arc<Round>>,
    on_duty: Arc<OnDuty>,
}

thread_local! {
    /// The queue whose worker this thread is, by the address of what it shares with the queue. It holds on to that.
    static WORKS_FOR: Cell<usize> = const { Cell::new(0) };
}

/// Says whether this thread is one of the queue's workers.
pub(super) fn works_here<T>(shared: &Arc<Shared<T>>) -> bool {
    WORKS_FOR.get() == Arc::as_ptr(shared).addr()
}

/// Locks the crew, for a moment: neither users' code is called nor anything waited for meanwhile.
pub(super) fn crew(crew: &Mutex<Crew>) -> MutexGuard<'_, Crew> {
    crew.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a worker. To start a thread may be reported, to code of users', so the crew is not locked meanwhile.
#[track_caller]
pub(super) fn hire<T, F>(
    to: &Mutex<Crew>,
    name: &str,
    shared: Arc<Shared<T>>,
    handler: F,
    place: Place,
) -> io::Result<Worker>
where
    T: Send + 'static,
    F: FnMut(T, &mut Sleepable) + Send + 'static,
{
    let (duty, round) = crew(to).begin();
    let its_own = Arc::clone(&round);
    // If the thread cannot be started, the closure is dropped, and the duty ends with it.
    let started = Builder::new().name(name).spawn(move |cx| {
        // The handler, and what it captured, are gone before the duty ends.
        let _duty = duty;
        let (shared, mut handler) = (shared, handler);
        WORKS_FOR.set(Arc::as_ptr(&shared).addr());
        while let Some(item) = shared.wait_for_item(&its_own) {
            shared.handled(&its_own, handle(&mut handler, item, cx, place));
        }
    });
    match started {
        Ok(thread) => {
            let worker = Worker { thread: thread.thread().clone() };
            crew(to).threads.push(thread);
            Ok(worker)
        }
        Err(error) => {
            crew(to).rounds.retain(|other| !Arc::ptr_eq(other, &round));
            Err(error)
        }
    }
}

impl Crew {
    /// Counts a worker in that is about to be started.
    fn begin(&mut self) -> (Duty, Arc<Round>) {
        let round = Arc::new(Round::new());
        self.rounds.push(Arc::clone(&round));
        (Duty::begin(&self.on_duty), round)
    }

    /// The rounds of all workers.
    pub(super) fn rounds(&self) -> Vec<Arc<Round>> {
        self.rounds.clone()
    }

    /// What tells when all workers have ended.
    pub(super) fn off_duty(&self) -> Arc<OnDuty> {
        Arc::clone(&self.on_duty)
    }

    /// Gives the threads away, to be joined.
    pub(super) fn dismiss(&mut self) -> Vec<JoinHandle<()>> {
        mem::take(&mut self.threads)
    }
}

/// Has an item handled, and leaves the thread as it was before. Says whether the handler panicked.
fn handle<T>(
    handler: &mut impl FnMut(T, &mut Sleepable),
    item: T,
    cx: &mut Sleepable,
    place: Place,
) -> bool {
    unwind::outlive(place, || handler(item, cx)).is_none()
}
