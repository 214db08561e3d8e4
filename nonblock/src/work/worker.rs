//! The threads that handle a queue's items.

use core::mem;
use std::io;
use std::sync::Arc;
use std::thread as native;
use std::vec::Vec;

use super::duty::{Duty, OnDuty};
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
    on_duty: Arc<OnDuty>,
}

impl Crew {
    /// Starts a worker.
    #[track_caller]
    pub(super) fn hire<T, F>(
        &mut self,
        name: &str,
        shared: Arc<Shared<T>>,
        handler: F,
        place: Place,
    ) -> io::Result<Worker>
    where
        T: Send + 'static,
        F: FnMut(T, &mut Sleepable) + Send + 'static,
    {
        let duty = Duty::begin(&self.on_duty);
        // If the thread cannot be started, the closure is dropped, and the duty ends with it.
        let thread = Builder::new().name(name).spawn(move |cx| {
            // The handler, and what it captured, are gone before the duty ends.
            let _duty = duty;
            let (shared, mut handler) = (shared, handler);
            while let Some(item) = shared.wait_for_item() {
                shared.handled(handle(&mut handler, item, cx, place));
            }
        })?;
        let worker = Worker { thread: thread.thread().clone() };
        self.threads.push(thread);
        Ok(worker)
    }

    /// Says whether this thread is one of the workers.
    pub(super) fn is_this_thread(&self) -> bool {
        let this = native::current().id();
        self.threads.iter().any(|worker| worker.thread().id() == this)
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
