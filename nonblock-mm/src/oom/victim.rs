//! One victim: what was taken from it, and what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use nonblock::{Sleepable, WouldBlock};

use super::event::{ReapEvent, ReapEventKind};
use super::progress::Progress;
use super::reaped::{ReapOutcome, Reaped};
use super::shared::Shared;
use super::stats::count;
use super::stderr;
use crate::memory::{AccessError, Mapping, Mm};
use crate::mmu::Event;
use nonblock::unwind;

/// A victim on the reaper's list.
pub(super) struct Victim {
    mm: Arc<Mm>,
    /// Whether its [`Reaping`](super::Reaping) has called it off.
    cancelled: Arc<AtomicBool>,
    /// Where the end is reported. There is room for the one message.
    done: SyncSender<Reaped>,
    named_at: Instant,
    /// When it may be tried next.
    due: Instant,
    progress: Progress,
    reaped: Reaped,
}

/// What came of a mapping in a try.
enum Take {
    Taken,
    Refused,
    Failed(AccessError),
}

impl Victim {
    pub(super) fn new(mm: Arc<Mm>, cancelled: Arc<AtomicBool>, done: SyncSender<Reaped>) -> Self {
        let reaped = Reaped {
            name: mm.name().into(),
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
        Self { mm, cancelled, done, named_at: now, due: now, progress: Progress::default(), reaped }
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
        self.mm.resident(cx).ok()
    }

    /// Says whether nobody wants it any more.
    pub(super) fn is_called_off(&self, shared: &Shared) -> bool {
        self.cancelled.load(Ordering::Relaxed) || shared.is_abandoned()
    }

    /// Tries once. Returns how it ended, if it did; otherwise another try is due later.
    pub(super) fn attempt(&mut self, shared: &Shared, cx: &mut Sleepable) -> Option<ReapOutcome> {
        let began = Instant::now();
        self.reaped.attempts += 1;
        count(&shared.counters.attempts);
        let resident = self.resident(cx);
        if self.reaped.attempts == 1 {
            self.reaped.resident_before = resident;
        }
        self.tell(shared, ReapEventKind::Began { resident });
        let complete = self.take_what_can_be(shared, cx);
        shared.counters.took(began.elapsed());

        if complete {
            return Some(ReapOutcome::Complete);
        }
        if self.is_called_off(shared) {
            return Some(ReapOutcome::Cancelled);
        }
        if self.reaped.attempts >= shared.config.tries {
            return Some(ReapOutcome::GivenUp);
        }
        let interval = shared.config.interval_after(self.reaped.attempts);
        self.tell(shared, ReapEventKind::Waits { interval });
        // From the end of this try to the beginning of the next: a long try does not eat it up.
        self.due = after(interval);
        None
    }

    /// Takes whatever nobody refuses. Returns whether nothing is left.
    fn take_what_can_be(&mut self, shared: &Shared, cx: &mut Sleepable) -> bool {
        let mm = Arc::clone(&self.mm);
        // Only tried: who holds it may wait for memory.
        let Some(guard) = mm.try_lock() else {
            self.reaped.busy += 1;
            count(&shared.counters.busy);
            self.tell(shared, ReapEventKind::Busy);
            return false;
        };
        let mut complete = true;
        for mapping in guard.shared() {
            if self.progress.has_taken(mapping) {
                continue;
            }
            if self.is_called_off(shared) {
                return false;
            }
            let range = mapping.range();
            // A callback that panics must not take the reaper with it.
            let mut outcome = None;
            let panicked =
                unwind::catch(shared.place, || take(&mm, mapping, &mut outcome, cx)).is_none();
            let held = self.progress.of(mapping);
            let (reaped, counters) = (&mut self.reaped, &shared.counters);
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
                self.tell(shared, ReapEventKind::Panicked { range });
            }
            self.tell(shared, kind);
        }
        complete
    }

    /// Reports to whoever waits, and lets go of the victim.
    pub(super) fn finish(mut self, outcome: ReapOutcome, shared: &Shared, cx: &mut Sleepable) {
        self.reaped.outcome = outcome;
        self.reaped.resident_after = self.resident(cx);
        if self.is_new() {
            self.reaped.resident_before = self.reaped.resident_after;
        }
        self.reaped.skipped = self.mm.ranges_of(|mapping| !self.progress.has_taken(mapping));
        self.reaped.held = self.progress.held();
        self.reaped.elapsed = self.named_at.elapsed();
        shared.counters.ended(&self.reaped);
        self.tell(shared, ReapEventKind::Done { reaped: self.reaped.clone() });
        if outcome == ReapOutcome::GivenUp && shared.config.watcher.is_none() {
            stderr::write_line(&self.reaped);
        }
        let Self { mm, done, reaped, .. } = self;
        // The last who holds the victim drops its drivers, whose drop may panic. Before who waits is told, so that the
        // reaper keeps nothing of it then.
        unwind::catch(shared.place, || drop(mm));
        // Nobody need wait for it.
        let _ = done.send(reaped);
    }

    fn tell(&self, shared: &Shared, kind: ReapEventKind) {
        if let Some(watcher) = &shared.config.watcher {
            let attempt = self.reaped.attempts;
            let event = ReapEvent { victim: Arc::clone(&self.mm), attempt, kind };
            // The panic hook has reported it; the reaper has work to do.
            let _ = unwind::catch(shared.place, || watcher(&event));
        }
    }
}

/// Takes the pages of a mapping, unless a driver would have to wait for that. What came of it is noted before the end calls
/// are made, which may panic.
fn take(mm: &Mm, mapping: &Mapping, outcome: &mut Option<Take>, cx: &mut Sleepable) {
    let range = mapping.range();
    match mm.space().try_invalidate(range, Event::Unmap, cx) {
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
