//! The reaper's thread: who is served next, and when.

use std::boxed::Box;
use std::cmp::Reverse;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;
use std::vec::Vec;

use super::job::Job;
use super::office::Office;
use super::reaped::ReapOutcome;
use crate::thread;
use crate::token::Sleepable;

/// What the thread is told.
pub(super) enum Message {
    /// There is one more victim.
    Victim(Box<Job>),
    /// Something was called off.
    Look,
    /// There will be no more victims.
    Close,
}

/// The victims that have not ended.
#[derive(Default)]
struct List {
    waiting: Vec<Job>,
    /// Those that are due and whose size has been read: a round, served from the largest on.
    round: Vec<InLine>,
    closing: bool,
}

/// A victim in a round.
struct InLine {
    /// In bytes; a victim of which the kernel says nothing comes last.
    resident: Option<usize>,
    job: Job,
}

/// Serves victims until there are none left and no more will come.
pub(super) fn run(office: &Office, queue: &Receiver<Message>, cx: &mut Sleepable) {
    let mut list = List::default();
    loop {
        for message in queue.try_iter() {
            list.take_in(message);
        }
        list.end_called_off(office, cx);
        list.line_up(cx);
        if let Some(job) = list.next() {
            list.serve(job, office, cx);
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
            Message::Victim(job) => self.waiting.push(*job),
            Message::Look => {}
            Message::Close => self.closing = true,
        }
    }

    /// Ends those that nobody wants any more.
    fn end_called_off(&mut self, office: &Office, cx: &mut Sleepable) {
        let called_off = |job: &mut Job| job.is_called_off(office);
        let mut ended: Vec<_> = self.waiting.extract_if(.., called_off).collect();
        let in_line = self.round.extract_if(.., |in_line| called_off(&mut in_line.job));
        ended.extend(in_line.map(|in_line| in_line.job));
        for job in ended {
            job.finish(ReapOutcome::Cancelled, office, cx);
        }
    }

    /// Reads the size of those that are due, once for each try.
    ///
    /// Newcomers join a round that is under way. Those that were tried before wait until it is over, so that the largest of
    /// all does not come round again while smaller ones have not been tried.
    fn line_up(&mut self, cx: &mut Sleepable) {
        let now = Instant::now();
        let is_over = self.round.is_empty();
        let joins = |job: &mut Job| job.due() <= now && (is_over || job.is_new());
        let joining: Vec<_> = self.waiting.extract_if(.., joins).collect();
        for job in joining {
            let resident = job.resident(cx);
            self.round.push(InLine { resident, job });
        }
    }

    /// Takes the largest out of the round; of equals, the first that joined.
    fn next(&mut self) -> Option<Job> {
        let places = self.round.iter().enumerate();
        let largest = places.max_by_key(|(place, in_line)| (in_line.resident, Reverse(*place)));
        let (place, _) = largest?;
        Some(self.round.remove(place).job)
    }

    fn serve(&mut self, mut job: Job, office: &Office, cx: &mut Sleepable) {
        match job.attempt(office, cx) {
            Some(outcome) => job.finish(outcome, office, cx),
            None => self.waiting.push(job),
        }
    }

    /// Waits until a victim is due, or something is told.
    fn wait(&self, queue: &Receiver<Message>, cx: &mut Sleepable) -> Option<Message> {
        let due = self.waiting.iter().map(Job::due).min();
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
