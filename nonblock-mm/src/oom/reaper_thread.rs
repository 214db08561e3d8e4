//! The reaper's thread: which victim is tried next, and when.

use std::cmp::Reverse;
use std::time::Instant;

use nonblock::Sleepable;
use nonblock::lockdep::MEMORY;

use super::mailbox::Mailbox;
use super::reap_victim::Victim;
use super::reaped::ReapOutcome;
use super::reaper_state::ReaperState;

/// The victims that have not ended, and which of them is tried next.
#[derive(Default)]
struct Scheduler {
    /// The victims that are not due, or not in the round under way.
    waiting: Vec<Victim>,
    /// The victims of the round under way, of which the largest is tried first.
    ready: Vec<Ready>,
    closing: bool,
}

/// A victim in the round under way.
struct Ready {
    /// Its resident size in bytes. A victim whose size the kernel does not tell comes last.
    resident: Option<usize>,
    victim: Victim,
}

/// Reaps victims until none is left and no more will come.
pub(super) fn run(state: &ReaperState, mailbox: &Mailbox, cx: &mut Sleepable) {
    /// Says that the thread has ended, by a panic too.
    struct End<'a>(&'a Mailbox);

    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.end();
        }
    }

    let _end = End(mailbox);
    let mut scheduler = Scheduler::default();
    loop {
        scheduler.receive(mailbox);
        scheduler.finish_cancelled(state, cx);
        scheduler.make_ready(cx);
        if let Some(victim) = scheduler.pop_largest() {
            scheduler.attempt(victim, state, cx);
        } else if scheduler.waiting.is_empty() && scheduler.closing {
            return;
        } else {
            scheduler.wait(mailbox, cx);
        }
    }
}

impl Scheduler {
    fn receive(&mut self, mailbox: &Mailbox) {
        let (victims, closed) = mailbox.receive();
        self.waiting.extend(victims);
        self.closing |= closed;
    }

    /// Ends the victims that were cancelled.
    fn finish_cancelled(&mut self, state: &ReaperState, cx: &mut Sleepable) {
        let cancelled = |victim: &mut Victim| victim.is_cancelled(state);
        let mut ended: Vec<_> = self.waiting.extract_if(.., cancelled).collect();
        let ready = self.ready.extract_if(.., |ready| cancelled(&mut ready.victim));
        ended.extend(ready.map(|ready| ready.victim));
        for victim in ended {
            victim.finish(ReapOutcome::Cancelled, state, cx);
        }
    }

    /// Moves the victims that are due into the round, and reads their sizes: once for each try.
    ///
    /// New victims join a round that is under way. A victim that was tried before waits until the round is over. So the
    /// largest victim is not tried again before smaller ones have been tried.
    fn make_ready(&mut self, cx: &mut Sleepable) {
        let now = Instant::now();
        let round_is_over = self.ready.is_empty();
        let joins = |victim: &mut Victim| victim.due() <= now && (round_is_over || victim.is_new());
        let joining: Vec<_> = self.waiting.extract_if(.., joins).collect();
        for victim in joining {
            let resident = victim.resident(cx);
            self.ready.push(Ready { resident, victim });
        }
    }

    /// Takes the largest victim out of the round. Of victims of the same size, it takes the first that joined.
    fn pop_largest(&mut self) -> Option<Victim> {
        let victims = self.ready.iter().enumerate();
        let largest = victims.max_by_key(|(index, ready)| (ready.resident, Reverse(*index)));
        let (index, _) = largest?;
        Some(self.ready.remove(index).victim)
    }

    fn attempt(&mut self, mut victim: Victim, state: &ReaperState, cx: &mut Sleepable) {
        // Who waits for memory waits for this.
        let _taking = MEMORY.region();
        match victim.attempt(state, cx) {
            Some(outcome) => victim.finish(outcome, state, cx),
            None => self.waiting.push(victim),
        }
    }

    /// Waits until a victim is due, or something was sent.
    fn wait(&self, mailbox: &Mailbox, cx: &mut Sleepable) {
        let due = self.waiting.iter().map(Victim::due).min();
        let timeout = due.map(|due| due.saturating_duration_since(Instant::now()));
        mailbox.wait(timeout, cx);
    }
}
