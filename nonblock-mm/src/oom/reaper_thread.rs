//! The reaper's thread: which victim is served next, and when.

use std::cmp::Reverse;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use nonblock::Sleepable;
use nonblock::thread;

use super::reaped::ReapOutcome;
use super::shared::Shared;
use super::victim::Victim;

/// What the thread is told.
pub(super) enum Message {
    /// There is one more victim.
    Victim(Box<Victim>),
    /// Something was called off.
    Look,
    /// There will be no more victims.
    Close,
}

/// The victims that have not ended.
#[derive(Default)]
struct List {
    waiting: Vec<Victim>,
    /// Those that are due and whose size has been read: a round, served from the largest on.
    round: Vec<InLine>,
    closing: bool,
}

/// A victim in a round.
struct InLine {
    /// In bytes; a victim of which the kernel says nothing comes last.
    resident: Option<usize>,
    victim: Victim,
}

/// Serves victims until there are none left and no more will come.
pub(super) fn run(shared: &Shared, queue: &Receiver<Message>, cx: &mut Sleepable) {
    let mut list = List::default();
    loop {
        for message in queue.try_iter() {
            list.take_in(message);
        }
        list.end_called_off(shared, cx);
        list.line_up(cx);
        if let Some(victim) = list.next() {
            list.serve(victim, shared, cx);
        } else if list.waiting.is_empty() && list.closing {
            return;
        } else if let Some(message) = list.wait(queue, cx) {
            list.take_in(message);
        }
    }
}

impl List {
    fn take_in(&mut self, message: Message) {
        match message {
            Message::Victim(victim) => self.waiting.push(*victim),
            Message::Look => {}
            Message::Close => self.closing = true,
        }
    }

    /// Ends those that nobody wants any more.
    fn end_called_off(&mut self, shared: &Shared, cx: &mut Sleepable) {
        let called_off = |victim: &mut Victim| victim.is_called_off(shared);
        let mut ended: Vec<_> = self.waiting.extract_if(.., called_off).collect();
        let in_line = self.round.extract_if(.., |in_line| called_off(&mut in_line.victim));
        ended.extend(in_line.map(|in_line| in_line.victim));
        for victim in ended {
            victim.finish(ReapOutcome::Cancelled, shared, cx);
        }
    }

    /// Reads the size of those that are due, once for each try.
    ///
    /// Newcomers join a round that is under way. Those that were tried before wait until it is over, so that the largest of
    /// all does not come round again while smaller ones have not been tried.
    fn line_up(&mut self, cx: &mut Sleepable) {
        let now = Instant::now();
        let is_over = self.round.is_empty();
        let joins = |victim: &mut Victim| victim.due() <= now && (is_over || victim.is_new());
        let joining: Vec<_> = self.waiting.extract_if(.., joins).collect();
        for victim in joining {
            let resident = victim.resident(cx);
            self.round.push(InLine { resident, victim });
        }
    }

    /// Takes the largest out of the round; of equals, the first that joined.
    fn next(&mut self) -> Option<Victim> {
        let places = self.round.iter().enumerate();
        let largest = places.max_by_key(|(place, in_line)| (in_line.resident, Reverse(*place)));
        let (place, _) = largest?;
        Some(self.round.remove(place).victim)
    }

    fn serve(&mut self, mut victim: Victim, shared: &Shared, cx: &mut Sleepable) {
        match victim.attempt(shared, cx) {
            Some(outcome) => victim.finish(outcome, shared, cx),
            None => self.waiting.push(victim),
        }
    }

    /// Waits until a victim is due, or something is told.
    fn wait(&self, queue: &Receiver<Message>, cx: &mut Sleepable) -> Option<Message> {
        let due = self.waiting.iter().map(Victim::due).min();
        let Some(due) = due else {
            // Whoever holds the sending side closes it before letting go.
            return Some(queue.recv().unwrap_or(Message::Close));
        };
        let time = due.saturating_duration_since(Instant::now());
        match queue.recv_timeout(time) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(cx, time);
                None
            }
        }
    }
}
