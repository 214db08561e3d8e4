//! The reaper's thread, and the handles on it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Instant;
use std::vec::Vec;

use super::builder::Builder;
use super::event::Reaped;
use super::job::Job;
use crate::check::might_sleep;
use crate::memory::Mm;
use crate::thread::{self, JoinHandle};
use crate::token::Sleepable;

/// A thread that takes the memory of victims back. See the [module](super).
///
/// # Context
///
/// [`reap`](Reaper::reap) does not sleep. Dropping the reaper does not either: the thread finishes with the victims it
/// has, and ends. [`shutdown`](Reaper::shutdown) waits for that.
#[derive(Debug)]
pub struct Reaper {
    // Its end tells the thread that no victims will follow.
    victims: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Reaper {
    /// Starts to set a reaper up.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn start(setup: Builder) -> io::Result<Self> {
        let (victims, queue) = mpsc::channel();
        let thread =
            thread::Builder::new().name("oom_reaper").spawn(move |cx| run(&setup, &queue, cx))?;
        Ok(Self { victims, thread })
    }

    /// Puts a victim on the reaper's list: it is tried at once, and again if something is left.
    ///
    /// Mirrors Linux's `queue_oom_reaper()` (`mm/oom_kill.c`, 6.12), without its 2 s of grace: who calls this has decided.
    ///
    /// # Context
    ///
    /// Does not sleep. Allocates.
    pub fn reap(&self, victim: Arc<Mm>) -> Reaping {
        let (done, result) = mpsc::sync_channel(1);
        // The thread ends after this sender only.
        let _ = self.victims.send(Job::new(victim, done));
        Reaping { result, polled: None }
    }

    /// Lets the reaper finish with the victims it has, and waits for its thread to end.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn shutdown(self, cx: &mut Sleepable) {
        let Self { victims, thread } = self;
        drop(victims);
        // Callbacks' panics are caught, so its own is a fault of ours, and was printed.
        let _ = thread.join(cx);
    }
}

/// A victim on a reaper's list. Dropped, it lets the reaper work on unattended.
#[derive(Debug)]
#[must_use = "what came of it is learnt by `wait`"]
pub struct Reaping {
    result: Receiver<Reaped>,
    /// What `poll` has received.
    polled: Option<Reaped>,
}

impl Reaping {
    /// Waits until the reaper has taken everything, or given the victim up.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait(self, cx: &mut Sleepable) -> Reaped {
        let _ = cx;
        might_sleep();
        self.polled.unwrap_or_else(|| {
            self.result.recv().expect("the reaper reports on every victim before its thread ends")
        })
    }

    /// Returns the result if the reaper is done with the victim.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn poll(&mut self) -> Option<&Reaped> {
        if self.polled.is_none() {
            self.polled = self.result.try_recv().ok();
        }
        self.polled.as_ref()
    }
}

/// The thread: tries every victim that is due, then waits for the next to be, or to come.
fn run(setup: &Builder, queue: &Receiver<Job>, cx: &mut Sleepable) {
    let mut jobs: Vec<Job> = Vec::new();
    while wait_for_work(&mut jobs, queue, cx) {
        let now = Instant::now();
        let (due, later): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.due <= now);
        jobs = later;
        jobs.extend(due.into_iter().filter_map(|job| job.attempt(setup, cx)));
    }
}

/// Waits until a job may be due, or more come. Returns whether there are any, or may be.
fn wait_for_work(jobs: &mut Vec<Job>, queue: &Receiver<Job>, cx: &mut Sleepable) -> bool {
    let until_due = jobs
        .iter()
        .map(|job| job.due)
        .min()
        .map(|due| due.saturating_duration_since(Instant::now()));
    let received = match until_due {
        None => queue.recv().map_err(RecvTimeoutError::from),
        Some(wait) => queue.recv_timeout(wait),
    };
    match (received, until_due) {
        (Ok(job), _) => {
            jobs.push(job);
            jobs.extend(queue.try_iter());
        }
        (Err(RecvTimeoutError::Disconnected), None) => return false,
        // No more will come, and those that are there have time.
        (Err(RecvTimeoutError::Disconnected), Some(wait)) => thread::sleep(cx, wait),
        (Err(RecvTimeoutError::Timeout), _) => {}
    }
    true
}
