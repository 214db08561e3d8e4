//! One victim: its tries, what was taken from it, and what is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::OnceLock;
use nonblock::{Sleepable, WouldBlock};

use super::reap_event::{ReapEvent, ReapEventKind};
use super::reaped::{ReapOutcome, Reaped};
use super::reaper_state::ReaperState;
use super::stats::increment;
use super::tried_mappings::TriedMappings;
use crate::memory::{AccessError, Mapping, Mm};
use crate::mmu::Event;
use nonblock::unwind;

/// A victim that has not ended.
pub(super) struct Victim {
    mm: Arc<Mm>,
    /// Whether its [`Reaping`](super::Reaping) has cancelled it.
    cancelled: Arc<AtomicBool>,
    /// The channel for the result. It has room for this one message.
    done: Arc<OnceLock<Reaped>>,
    queued_at: Instant,
    /// When it may be tried next.
    due: Instant,
    tried: TriedMappings,
    reaped: Reaped,
}

/// The result of trying one mapping.
enum MappingOutcome {
    Taken,
    Refused,
    Failed(AccessError),
}

impl Victim {
    pub(super) fn new(
        mm: Arc<Mm>,
        cancelled: Arc<AtomicBool>,
        done: Arc<OnceLock<Reaped>>,
    ) -> Self {
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
        Self {
            mm,
            cancelled,
            done,
            queued_at: now,
            due: now,
            tried: TriedMappings::default(),
            reaped,
        }
    }

    /// Returns when it may be tried next.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Returns whether it waits for its first try.
    pub(super) fn is_new(&self) -> bool {
        self.reaped.attempts == 0
    }

    /// Returns how many bytes are resident now, if the kernel tells it.
    pub(super) fn resident(&self, cx: &mut Sleepable) -> Option<usize> {
        self.mm.resident(cx).ok()
    }

    /// Returns whether it was cancelled, alone or with all victims.
    pub(super) fn is_cancelled(&self, state: &ReaperState) -> bool {
        self.cancelled.load(Ordering::Relaxed) || state.is_abandoned()
    }

    /// Tries once. Returns how the victim ended, or `None` if another try is due later.
    pub(super) fn attempt(
        &mut self,
        state: &ReaperState,
        cx: &mut Sleepable,
    ) -> Option<ReapOutcome> {
        let began = Instant::now();
        self.reaped.attempts += 1;
        increment(&state.counters.attempts);
        let resident = self.resident(cx);
        if self.reaped.attempts == 1 {
            self.reaped.resident_before = resident;
        }
        self.emit(state, ReapEventKind::Began { resident });
        let complete = self.reap_mm(state, cx);
        state.counters.took(began.elapsed());

        if complete {
            return Some(ReapOutcome::Complete);
        }
        if self.is_cancelled(state) {
            return Some(ReapOutcome::Cancelled);
        }
        if self.reaped.attempts >= state.config.tries {
            return Some(ReapOutcome::GivenUp);
        }
        let interval = state.config.interval_after(self.reaped.attempts);
        self.emit(state, ReapEventKind::Waits { interval });
        // Counted from the end of this try, so that a long try does not shorten the wait.
        self.due = after(interval);
        None
    }

    /// Takes each mapping that no driver refuses. Returns whether nothing is left.
    fn reap_mm(&mut self, state: &ReaperState, cx: &mut Sleepable) -> bool {
        let mm = Arc::clone(&self.mm);
        // Only tried: the thread that holds it may wait for memory.
        let Some(guard) = mm.try_lock() else {
            self.reaped.busy += 1;
            increment(&state.counters.busy);
            self.emit(state, ReapEventKind::Busy);
            return false;
        };
        let mut complete = true;
        for mapping in guard.shared() {
            if self.tried.has_taken(mapping) {
                continue;
            }
            if self.is_cancelled(state) {
                return false;
            }
            let range = mapping.range();
            // A callback that panics must not end the reaper.
            let mut outcome = None;
            let panicked =
                unwind::catch(state.place, || reap_mapping(&mm, mapping, &mut outcome, cx))
                    .is_none();
            let held = self.tried.entry(mapping);
            let (reaped, counters) = (&mut self.reaped, &state.counters);
            if panicked {
                held.panics += 1;
                reaped.panics += 1;
                increment(&counters.panics);
            }
            let kind = match outcome {
                Some(MappingOutcome::Taken) => {
                    held.taken = true;
                    reaped.taken.push(range);
                    ReapEventKind::Taken { range }
                }
                Some(MappingOutcome::Refused) => {
                    held.refusals += 1;
                    reaped.refusals += 1;
                    increment(&counters.refusals);
                    ReapEventKind::Refused { range }
                }
                Some(MappingOutcome::Failed(error)) => {
                    held.failures += 1;
                    reaped.failures += 1;
                    increment(&counters.failures);
                    ReapEventKind::Failed { error }
                }
                // A start callback panicked, so nothing was taken.
                None => ReapEventKind::Panicked { range },
            };
            complete &= held.taken;
            if panicked && kind != (ReapEventKind::Panicked { range }) {
                self.emit(state, ReapEventKind::Panicked { range });
            }
            self.emit(state, kind);
        }
        complete
    }

    /// Ends the victim: drops its memory, and sends the result to the handle.
    pub(super) fn finish(mut self, outcome: ReapOutcome, state: &ReaperState, cx: &mut Sleepable) {
        self.reaped.outcome = outcome;
        self.reaped.resident_after = self.resident(cx);
        if self.is_new() {
            self.reaped.resident_before = self.reaped.resident_after;
        }
        self.reaped.skipped = self.mm.ranges_of(|mapping| !self.tried.has_taken(mapping));
        self.reaped.held = self.tried.held();
        self.reaped.elapsed = self.queued_at.elapsed();
        state.counters.ended(&self.reaped);
        self.emit(state, ReapEventKind::Done { reaped: self.reaped.clone() });
        if outcome == ReapOutcome::GivenUp && state.config.watcher.is_none() {
            super::write_to_stderr(&self.reaped);
        }
        let Self { mm, done, reaped, .. } = self;
        // If this is the last owner, its drop drops the drivers, and that may panic. It happens before the result is sent, so
        // that the reaper keeps nothing of the victim when the handle has the result.
        unwind::catch(state.place, || drop(mm));
        // Nobody else sets it.
        let _ = done.try_set(reaped);
    }

    /// Tells the subscriber of `tracing` and the watcher what happened.
    fn emit(&self, state: &ReaperState, kind: ReapEventKind) {
        let attempt = self.reaped.attempts;
        let event = ReapEvent { victim: Arc::clone(&self.mm), attempt, kind };
        // If one panics, the panic hook has reported it, and the reaper goes on.
        #[cfg(feature = "tracing")]
        unwind::catch(state.place, || super::tracing::emit(&event));
        if let Some(watcher) = &state.config.watcher {
            unwind::catch(state.place, || watcher(&event));
        }
    }
}

/// Takes the pages of a mapping, unless a driver refuses. The result is stored in `outcome` before the end callbacks are
/// called, since they may panic.
fn reap_mapping(
    mm: &Mm,
    mapping: &Mapping,
    outcome: &mut Option<MappingOutcome>,
    cx: &mut Sleepable,
) {
    let range = mapping.range();
    match mm.space().try_invalidate(range, Event::Unmap, cx) {
        Err(WouldBlock) => *outcome = Some(MappingOutcome::Refused),
        Ok(_invalidation) => {
            // Outside the section, which is around the callbacks only.
            *outcome = Some(match mapping.zap(&range, cx) {
                Ok(()) => MappingOutcome::Taken,
                Err(error) => MappingOutcome::Failed(error),
            });
        }
    }
}

/// Returns the time when an interval from now has passed, or a century from now if the clock cannot count that far.
fn after(interval: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    let now = Instant::now();
    now.checked_add(interval).unwrap_or_else(|| now + CENTURY)
}
