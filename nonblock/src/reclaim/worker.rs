//! The thread that collects.

use core::fmt;
use std::io;

use super::collector::{Collector, Handle};
use crate::check::with_token::might_sleep;
use crate::thread::{Builder, JoinHandle};
use crate::token::Sleepable;
use crate::unwind;
use crate::violation::Place;

/// A thread that drops values as soon as their last pointer is gone. Made by [`Collector::spawn_worker`].
///
/// # Context
///
/// Dropping it tells the thread to end, and does not wait for it. The thread drops what there is to drop, and then
/// the collector. As the handle of a thread, it is reported if it is dropped in a section.
///
/// # Examples
///
/// See [`Collector::spawn_worker`].
pub struct Worker {
    // Its drop, which tells the thread, comes before the one of the thread's handle.
    stop: Stop,
    thread: JoinHandle<()>,
}

/// Tells the thread to end, when it is dropped.
struct Stop(Handle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.owner().list().stop();
    }
}

impl Collector {
    /// Starts a thread that collects whenever there is something to drop, and gives it the collector.
    ///
    /// It waits, and does not poll. The pointer that is the first to die wakes it, which takes one system call that does not
    /// block, as a push into a [`Queue`](crate::work::Queue) does. A value that panics in its drop does not end the thread.
    ///
    /// # Arguments
    ///
    /// * `name`: the name of the thread.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes the thread. It takes no token, as in std, so a call in a section is found at run time
    /// only.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread. The collector is dropped then.
    ///
    /// # Panics
    ///
    /// If the name holds a nul byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::reclaim::{Collector, Shared};
    ///
    /// let worker = Collector::new().spawn_worker("reclaim")?;
    /// let preset = Shared::new(&worker.handle(), String::from("warm pad"));
    /// nonblock::sleepable(|cx| {
    ///     cx.non_block(|_nb| drop(preset)); // freed by the thread
    ///     worker.shutdown(cx);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_worker(self, name: &str) -> io::Result<Worker> {
        let place = Place::caller();
        let handle = self.handle();
        let list = handle.owner().list();
        list.announce_worker();
        let thread = Builder::new().name(name).spawn(move |cx| {
            let collector = self;
            while list.wait() {
                // What is behind a value that panicked is still there.
                unwind::catch(place, || collector.collect(cx));
            }
        })?;
        Ok(Worker { stop: Stop(handle), thread })
    }
}

impl Worker {
    /// Returns a handle of the collector, to make pointers with.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn handle(&self) -> Handle {
        self.stop.0.clone()
    }

    /// Ends the thread, and waits until it has dropped what there was to drop.
    ///
    /// The collector is gone then. Pointers may be left: see [`Collector`].
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn shutdown(self, cx: &mut Sleepable) {
        might_sleep();
        let Self { stop, thread } = self;
        drop(stop);
        // It catches what values do, except in the very last drop of the collector, which leaves no value behind either.
        let _ = thread.join(cx);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("thread", self.thread.thread()).finish_non_exhaustive()
    }
}
