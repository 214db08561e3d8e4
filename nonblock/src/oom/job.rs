//! One victim: what was taken from it, and what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::console;
use super::event::{ReapEvent, ReapEventKind};
use super::office::Office;
use super::reaped::{ReapOutcome, Reaped};
use super::stats::count;
use super::tally::Tally;
use crate::context::WouldBlock;
use crate::memory::{AccessError, Mapping, Mm};
use crate::mmu::Event;
use crate::token::Sleepable;
use crate::unwind::outlive;

/// A victim on the reaper's list.
pub(super) struct Job {
    victim: Arc<Mm>,
    /// Whether its [`Reaping`](super::Reaping) has called it off.
    cancelled: Arc<AtomicBool>,
    /// Who waits for the end. There is room for the one message.
    done: SyncSender<Reaped>,
    named_at: Instant,
    /// When it may be tried next.
    due: Instant,
    tally: Tally,
    reaped: Reaped,
}

/// What came of a mapping in a try.
enum Take {
    Taken,
    Refused,
    Failed(AccessError),
}

impl Job {
    pub(super) fn new(
        victim: Arc<Mm>,
        cancelled: Arc<AtomicBool>,
        done: SyncSender<Reaped>,
    ) -> Self {
        let reaped = Reaped {
            name: victim.name().into(),
            outcome: ReapOutcome::Cancelled,
            resident_before: None,
            resident_after: None,
            attempts: 0,
            busy: 0,
            refusals: 0,
            panics: 0,
            failures: 0,
            taken: Vec::new(),
            skipped: Vec::new(),
            held: Vec::new(),
            elapsed: Duration::ZERO,
        };
        let now = Instant::now();
        Self { victim, cancelled, done, named_at: now, due: now, tally: Tally::default(), reaped }
    }

    /// When it may be tried next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Says whether it waits for its first try.
    pub(super) fn is_new(&self) -> bool {
        self.reaped.attempts == 0
    }

    /// Returns how many bytes are resident now, if the kernel says so.
    pub(super) fn resident(&self, cx: &mut Sleepable) -> Option<usize> {
        self.victim.resident(cx).ok()
    }

    /// Says whether nobody wants it any more.
    pub(super) fn is_called_off(&self, office: &Office) -> bool {
        self.cancelled.load(Ordering::Relaxed) || office.is_abandoned()
    }

    /// Tries once. Returns how it ended, if it did; otherwise another try is due later.
    pub(super) fn attempt(&mut self, office: &Office, cx: &mut Sleepable) -> Option<ReapOutcome> {
        let began = Instant::now();
        self.reaped.attempts += 1;
        count(&office.counters.attempts);
        let resident = self.resident(cx);
        if self.reaped.attempts == 1 {
            self.reaped.resident_before = resident;
        }
        self.tell(office, ReapEventKind::Began { resident });
        let complete = self.take_what_can_be(office, cx);
        office.counters.took(began.elapsed());

        if complete {
            return Some(ReapOutcome::Complete);
        }
        if self.is_called_off(office) {
            return Some(ReapOutcome::Cancelled);
        }
        if self.reaped.attempts >= office.setup.tries {
            return Some(ReapOutcome::GivenUp);
        }
        let interval = office.setup.interval_after(self.reaped.attempts);
        self.tell(office, ReapEventKind::Waits { interval });
        // From the end of this try to the beginning of the next: a long try does not eat it up.
        self.due = after(interval);
        None
    }

    /// Takes whatever nobody refuses. Returns whether nothing is left.
    fn take_what_can_be(&mut self, office: &Office, cx: &mut Sleepable) -> bool {
        let victim = Arc::clone(&self.victim);
        // Only tried: who holds it may wait for memory.
        let Some(guard) = victim.try_lock() else {
            self.reaped.busy += 1;
            count(&office.counters.busy);
            self.tell(office, ReapEventKind::Busy);
            return false;
        };
        let mut complete = true;
        for mapping in guard.shared() {
            if self.tally.has_taken(mapping) {
                continue;
            }
            if self.is_called_off(office) {
                return false;
            }
            let range = mapping.range();
            // A callback that panics must not take the reaper with it.
            let mut outcome = None;
            let panicked =
                outlive(office.place, || take(&victim, mapping, &mut outcome, cx)).is_none();
            let held = self.tally.of(mapping);
            let (reaped, counters) = (&mut self.reaped, &office.counters);
            if panicked {
                held.panics += 1;
                reaped.panics += 1;
                count(&counters.panics);
            }
            let kind = match outcome {
                Some(Take::Taken) => {
                    held.taken = true;
                    reaped.taken.push(range);
                    ReapEventKind::Taken { range }
                }
                Some(Take::Refused) => {
                    held.refusals += 1;
                    reaped.refusals += 1;
                    count(&counters.refusals);
                    ReapEventKind::Refused { range }
                }
                Some(Take::Failed(error)) => {
                    held.failures += 1;
                    reaped.failures += 1;
                    count(&counters.failures);
                    ReapEventKind::Failed { error }
                }
                // At the start: it took nothing.
                None => ReapEventKind::Panicked { range },
            };
            complete &= held.taken;
            if panicked && kind != (ReapEventKind::Panicked { range }) {
                self.tell(office, ReapEventKind::Panicked { range });
            }
            self.tell(office, kind);
        }
        complete
    }

    /// Reports to whoever waits, and lets go of the victim.
    pub(super) fn finish(mut self, outcome: ReapOutcome, office: &Office, cx: &mut Sleepable) {
        self.reaped.outcome = outcome;
        self.reaped.resident_after = self.resident(cx);
        if self.is_new() {
            self.reaped.resident_before = self.reaped.resident_after;
        }
        self.reaped.skipped = self.victim.ranges_of(|mapping| !self.tally.has_taken(mapping));
        self.reaped.held = self.tally.held();
        self.reaped.elapsed = self.named_at.elapsed();
        office.counters.ended(&self.reaped);
        self.tell(office, ReapEventKind::Done { reaped: self.reaped.clone() });
        if outcome == ReapOutcome::GivenUp && office.setup.watcher.is_none() {
            console::report(&self.reaped);
        }
        let Self { victim, done, reaped, .. } = self;
        // The last who holds the victim drops its drivers, whose drop may panic. Before who waits is told, so that the
        // reaper keeps nothing of it then.
        outlive(office.place, || drop(victim));
        // Nobody need wait for it.
        let _ = done.send(reaped);
    }

    fn tell(&self, office: &Office, kind: ReapEventKind) {
        if let Some(watcher) = &office.setup.watcher {
            let attempt = self.reaped.attempts;
            let event = ReapEvent { victim: Arc::clone(&self.victim), attempt, kind };
            // The panic hook has reported it; the reaper has work to do.
            let _ = outlive(office.place, || watcher(&event));
        }
    }
}

/// Takes the pages of a mapping, unless a driver would have to wait for that. What came of it is noted before the end calls
/// are made, which may panic.
fn take(victim: &Mm, mapping: &Mapping, outcome: &mut Option<Take>, cx: &mut Sleepable) {
    let range = mapping.range();
    match victim.space().try_invalidate(range, Event::Unmap, cx) {
        Err(WouldBlock) => *outcome = Some(Take::Refused),
        Ok(_invalidation) => {
            // Outside the section, which was around the callbacks only.
            *outcome = Some(match mapping.zap(&range, cx) {
                Ok(()) => Take::Taken,
                Err(error) => Take::Failed(error),
            });
        }
    }
}

/// Returns the time after an interval, or a century from now if the clock cannot count that far.
fn after(interval: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    let now = Instant::now();
    now.checked_add(interval).unwrap_or_else(|| now + CENTURY)
}
