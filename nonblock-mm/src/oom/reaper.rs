//! The reaper's handle.

use core::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::{Place, Sleepable};

use super::config::Config;
use super::mailbox::Mailbox;
use super::outcome::Outcome;
use super::reap_victim::Victim;
use super::reaper_state::ReaperState;
use super::reaper_thread;
use super::reaping::Reaping;
use super::stats::{Counters, ReaperStats, increment};
use super::worker_thread::WorkerThread;
use crate::memory::Mm;
use nonblock::unwind;

/// A thread that takes the memory of victims back. See the [module](super).
///
/// # Order
///
/// The reaper tries the largest victim first, as Linux's `oom_badness()` (`mm/oom_kill.c`, 6.12) chooses by resident size. It
/// works in rounds. When a round begins, the victims that are due join it, and the reaper reads from the kernel how much of
/// each is resident. New victims may join a round that is under way. A victim that is due for another try waits for the next
/// round. Of victims of the same size, the first that joined is tried first. Nothing else counts: not swap, page tables or
/// `oom_score_adj`.
///
/// # Context
///
/// [`reap`](Reaper::reap) does not sleep. Dropping the reaper does not sleep either: the thread finishes with its victims, and
/// ends. [`shutdown`](Reaper::shutdown) waits for that. [`abandon`](Reaper::abandon) cancels the victims first.
pub struct Reaper {
    mailbox: Arc<Mailbox>,
    counters: Arc<Counters>,
    abandoned: Arc<AtomicBool>,
    /// `None` once it has been joined.
    thread: Option<WorkerThread>,
}

impl Reaper {
    #[track_caller]
    pub(super) fn start(config: Config, place: Place) -> io::Result<Self> {
        let mailbox = Arc::<Mailbox>::default();
        let counters = Arc::new(Counters::default());
        let abandoned = Arc::new(AtomicBool::new(false));
        let state = ReaperState {
            config,
            counters: Arc::clone(&counters),
            abandoned: Arc::clone(&abandoned),
            place,
        };
        let received = Arc::clone(&mailbox);
        let thread = WorkerThread::spawn("oom_reaper", move |cx| {
            reaper_thread::run(&state, &received, cx);
            // The drop of the watcher may panic.
            unwind::catch(place, || drop(state));
        })?;
        Ok(Self { mailbox, counters, abandoned, thread: Some(thread) })
    }

    /// Queues a victim. The reaper tries it as soon as it can, and again if something is left.
    ///
    /// Mirrors Linux's `queue_oom_reaper()` (`mm/oom_kill.c`, 6.12), but without the delay of 2 s by which Linux gives the
    /// victim a chance to exit.
    ///
    /// # Context
    ///
    /// Does not sleep itself, and allocates, which may. Takes a spin lock that others hold for a few instructions, in a section.
    pub fn reap(&self, victim: Arc<Mm>) -> Reaping {
        let (outcome, reporter) = Outcome::new();
        let cancelled = Arc::new(AtomicBool::new(false));
        increment(&self.counters.victims);
        // It is received: the thread ends only after it was told to close.
        self.mailbox.send(Victim::new(victim, Arc::clone(&cancelled), reporter));
        Reaping { outcome, cancelled, mailbox: Arc::clone(&self.mailbox) }
    }

    /// Returns the reaper's counts since it was started.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use nonblock_mm::memory::Mm;
    /// use nonblock_mm::oom::Reaper;
    ///
    /// let reaper = Reaper::builder().spawn()?;
    /// nonblock::sleepable(|cx| {
    ///     let _reaped = reaper.reap(Arc::new(Mm::new())).wait(cx);
    ///     let stats = reaper.stats();
    ///     assert_eq!((stats.victims, stats.complete, stats.waiting()), (1, 1, 0));
    ///     println!("{stats}");
    ///     reaper.shutdown(cx);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stats(&self) -> ReaperStats {
        self.counters.read()
    }

    /// Lets the reaper finish with its victims, and waits for its thread to end.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// If called on the reaper's own thread, in a watcher or a driver's callback: it would wait for itself. The reaper then
    /// finishes with its victims, as if it had been dropped.
    #[track_caller]
    pub fn shutdown(mut self, cx: &mut Sleepable) {
        self.close();
        self.join(cx);
    }

    /// Cancels all victims of the reaper, and waits for its thread to end.
    ///
    /// They end as [`Cancelled`](super::ReapOutcome::Cancelled), as after [`Reaping::cancel`].
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// As [`shutdown`](Reaper::shutdown). The victims are cancelled all the same.
    #[track_caller]
    pub fn abandon(mut self, cx: &mut Sleepable) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.close();
        self.join(cx);
    }

    fn close(&self) {
        self.mailbox.close();
    }

    #[track_caller]
    fn join(&mut self, cx: &mut Sleepable) {
        if let Some(thread) = self.thread.take() {
            assert!(
                !thread.is_own(),
                "the reaper's own thread waits for itself: shut the reaper down elsewhere"
            );
            thread.join(cx);
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // While the thread is there, it has its handle too. This may be a section.
        self.thread = None;
        self.close();
    }
}

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaper").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
