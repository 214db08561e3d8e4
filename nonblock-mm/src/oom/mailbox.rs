//! The way to the reaper's thread: new victims, and the wish to stop.
//!
//! Whoever sends may be in a section. So what is sent is allocated before the lock is taken, and the lock is a spin lock that is
//! held for two stores. A channel of the standard library takes a mutex to wake its receiver.

use core::fmt;
use core::mem;
use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};

use nonblock::sync::{Completion, SpinLock};
use nonblock::{Sleepable, raw};

use super::reap_victim::Victim;

/// A victim, and those that were sent before it and were not received yet.
struct Letter {
    victim: Victim,
    earlier: Option<Box<Self>>,
}

/// What was sent and not received yet.
#[derive(Default)]
pub(super) struct Mailbox {
    /// The latest, which leads to the others.
    latest: SpinLock<Option<Box<Letter>>>,
    closed: AtomicBool,
    /// Whether the thread has ended. Then nobody receives.
    ended: AtomicBool,
    /// Completed for each change.
    news: Completion,
}

impl Mailbox {
    /// Sends a victim. Allocates, and does not sleep.
    pub(super) fn send(&self, victim: Victim) {
        let mut letter = Box::new(Letter { victim, earlier: None });
        raw::non_block(|nb| {
            let mut latest = self.latest.lock(nb);
            letter.earlier = latest.take();
            *latest = Some(letter);
        });
        // The lock orders this with `end`: it finds the victim, or this finds that the thread has ended.
        if self.ended.load(Ordering::Relaxed) {
            drop(self.receive());
        }
        self.notify();
    }

    /// Says that the thread has ended, and drops what it did not receive: whoever waits for that learns of it.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(self.receive());
    }

    /// Says that no more victims will come.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.notify();
    }

    /// Has the thread look at its victims: one was cancelled.
    pub(super) fn notify(&self) {
        self.news.complete();
    }

    /// Returns the victims that were sent, in order, and whether no more will come.
    pub(super) fn receive(&self) -> (Vec<Victim>, bool) {
        // Asked first: a victim that was sent before the close is among those that are found after.
        let closed = self.closed.load(Ordering::Acquire);
        let mut next = raw::non_block(|nb| mem::take(&mut *self.latest.lock(nb)));
        let mut victims = Vec::new();
        while let Some(letter) = next {
            victims.push(letter.victim);
            next = letter.earlier;
        }
        victims.reverse();
        (victims, closed)
    }

    /// Waits until something was sent, or the time has run out.
    #[track_caller]
    pub(super) fn wait(&self, timeout: Option<Duration>, cx: &mut Sleepable) {
        match timeout {
            Some(timeout) => drop(self.news.wait_for(cx, timeout)),
            None => drop(self.news.wait(cx)),
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // One by one: a long list that drops itself recursively would use up the stack.
        while !self.receive().0.is_empty() {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use nonblock::sleepable;

    use super::super::outcome::Outcome;
    use super::super::reap_victim::Victim;
    use super::Mailbox;
    use crate::memory::Mm;

    #[test]
    fn nobody_waits_for_a_thread_that_has_ended() {
        let mailbox = Mailbox::default();
        let send = || {
            let (outcome, reporter) = Outcome::new();
            let cancelled = Arc::new(AtomicBool::new(false));
            mailbox.send(Victim::new(Arc::new(Mm::new()), cancelled, reporter));
            outcome
        };
        let (before, after) = (send(), {
            mailbox.end();
            send()
        });
        sleepable(|cx| {
            assert!(before.wait(cx).is_none());
            assert!(after.wait(cx).is_none());
        });
    }
}
