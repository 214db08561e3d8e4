//! How victims come to the reaper's thread, from sections too: nobody who brings one waits for a thread that sleeps.
//!
//! The standard library's channels will not do. To wake the receiver, a send takes the mutex of those that wait, and these allocate
//! while they hold it.

use core::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nonblock::Sleepable;
use nonblock::sync::{Completion, SpinLock};

use super::reap_victim::Victim;

#[derive(Default)]
pub(super) struct Mailbox {
    /// The victim that came last, and those before it.
    last: SpinLock<Option<Box<Letter>>>,
    closed: AtomicBool,
    /// Whether there is news for the thread.
    news: Completion,
}

struct Letter {
    victim: Victim,
    before: Option<Box<Letter>>,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Puts a victim in. Nothing is allocated while the lock is held.
    pub(super) fn put(&self, victim: Victim) {
        let letter = Box::new(Letter { victim, before: None });
        nonblock::non_block(|nb| {
            let mut letter = letter;
            let mut last = self.last.lock(nb);
            letter.before = last.take();
            *last = Some(letter);
        });
        self.notify();
    }

    /// Has the thread look what there is to do.
    pub(super) fn notify(&self) {
        self.news.complete_all();
    }

    /// Tells the thread to end, once it is done with its victims.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.notify();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Takes all victims out. The one that came first comes first.
    pub(super) fn take_all(&self, cx: &mut Sleepable) -> Vec<Victim> {
        let mut victims = Vec::new();
        let mut last = self.last.with(cx, |last, _nb| last.take());
        while let Some(letter) = last {
            let Letter { victim, before } = *letter;
            victims.push(victim);
            last = before;
        }
        victims.reverse();
        victims
    }

    /// Waits for news that came since the last [`read`](Self::read), for a time at most.
    pub(super) fn wait(&self, timeout: Option<Duration>, cx: &mut Sleepable) {
        match timeout {
            None => _ = self.news.wait(cx),
            Some(timeout) => _ = self.news.wait_for(cx, timeout),
        }
    }

    /// Takes note of the news. Call it before looking at what they are: what comes later is news again.
    pub(super) fn read(&self) {
        self.news.reinit();
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // One by one: the drop of a list would recurse.
        let mut last = self.last.get_mut().take();
        while let Some(letter) = last {
            last = letter.before;
        }
    }
}
