//! The reaper, as those see it who have victims for it.

use core::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};

use nonblock::thread::{self, JoinHandle};
use nonblock::{Place, Sleepable};

use super::config::Config;
use super::reaper_thread::{self, Message};
use super::reaping::Reaping;
use super::shared::Shared;
use super::stats::{Counters, ReaperStats, count};
use super::victim::Victim;
use crate::memory::Mm;
use nonblock::unwind;

/// A thread that takes the memory of victims back. See the [module](super).
///
/// # Order
///
/// Victims that are due are tried from the largest on, as Linux's `oom_badness()` (`mm/oom_kill.c`, 6.12) chooses by resident
/// size. The size is what the kernel says is resident, read once for each try, when the victim is due and the thread gets to
/// look at it: in a round, in which newcomers may join, and at whose end those are looked at that have become
/// due for another try. Of equals, the first that was named comes first. Nothing else is weighed: no swap, no page tables, no
/// `oom_score_adj`.
///
/// # Context
///
/// [`reap`](Reaper::reap) does not sleep. Dropping the reaper does not either: the thread finishes with the victims it
/// has, and ends. [`shutdown`](Reaper::shutdown) waits for that, and [`abandon`](Reaper::abandon) calls them off.
pub struct Reaper {
    messages: Sender<Message>,
    counters: Arc<Counters>,
    abandoned: Arc<AtomicBool>,
    /// Until somebody joins it.
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    #[track_caller]
    pub(super) fn start(config: Config, place: Place) -> io::Result<Self> {
        let (messages, queue) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let abandoned = Arc::new(AtomicBool::new(false));
        let shared = Shared {
            config,
            counters: Arc::clone(&counters),
            abandoned: Arc::clone(&abandoned),
            place,
        };
        let thread = thread::Builder::new().name("oom_reaper").spawn(move |cx| {
            reaper_thread::run(&shared, &queue, cx);
            // The watcher may panic in its drop.
            unwind::catch(place, || drop(shared));
        })?;
        Ok(Self { messages, counters, abandoned, thread: Some(thread) })
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
        let cancelled = Arc::new(AtomicBool::new(false));
        count(&self.counters.victims);
        // The thread ends after it was told to close only.
        let victim = Box::new(Victim::new(victim, Arc::clone(&cancelled), done));
        let _ = self.messages.send(Message::Victim(victim));
        Reaping { result, cancelled, messages: self.messages.clone(), polled: None }
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

    /// Lets the reaper finish with the victims it has, and waits for its thread to end.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// On the reaper's own thread, in a watcher or a driver's callback, which would wait for itself. The reaper finishes
    /// with its victims then as if it had been dropped.
    #[track_caller]
    pub fn shutdown(mut self, cx: &mut Sleepable) {
        self.close();
        self.join(cx);
    }

    /// Calls the victims off that the reaper has, and waits for its thread to end.
    ///
    /// They end as [`Cancelled`](super::ReapOutcome::Cancelled), as by [`Reaping::cancel`].
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// As [`shutdown`](Reaper::shutdown); its victims are called off all the same.
    #[track_caller]
    pub fn abandon(mut self, cx: &mut Sleepable) {
        self.abandoned.store(true, Ordering::Relaxed);
        self.close();
        self.join(cx);
    }

    fn close(&self) {
        // A thread that has ended has nothing to close.
        let _ = self.messages.send(Message::Close);
    }

    #[track_caller]
    fn join(&mut self, cx: &mut Sleepable) {
        if let Some(thread) = self.thread.take() {
            let is_own = thread.thread().id() == thread::current().id();
            assert!(
                !is_own,
                "the reaper's own thread waits for itself: shut the reaper down elsewhere"
            );
            // Callbacks' panics are caught, so its own is a fault of ours, and was printed.
            let _ = thread.join(cx);
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaper").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
