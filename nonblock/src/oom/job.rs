//! One victim: what was taken from it, and what is left.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::builder::Builder;
use super::event::{ReapEvent, ReapEventKind, Reaped};
use crate::context::WouldBlock;
use crate::memory::{AccessError, Mapping, Mm};
use crate::mmu::Event;
use crate::token::Sleepable;

/// A victim on the reaper's list.
pub(super) struct Job {
    victim: Arc<Mm>,
    /// Who waits for the end. There is room for the one message.
    done: SyncSender<Reaped>,
    /// When it may be tried next.
    pub(super) due: Instant,
    /// What was taken. Another mapping at the same place would be another one.
    taken: Vec<Weak<Mapping>>,
    reaped: Reaped,
}

/// What came of a mapping in a try.
enum Outcome {
    Taken,
    Refused,
    Failed(AccessError),
}

impl Job {
    pub(super) fn new(victim: Arc<Mm>, done: SyncSender<Reaped>) -> Self {
        let reaped = Reaped {
            resident_before: None,
            resident_after: None,
            attempts: 0,
            busy: 0,
            refusals: 0,
            panics: 0,
            failures: 0,
            taken: Vec::new(),
            skipped: Vec::new(),
            complete: false,
        };
        Self { victim, done, due: Instant::now(), taken: Vec::new(), reaped }
    }

    /// Tries once. Returns the job if another try is due later.
    pub(super) fn attempt(mut self, setup: &Builder, cx: &mut Sleepable) -> Option<Self> {
        self.reaped.attempts += 1;
        let resident = self.victim.resident(cx).ok();
        if self.reaped.attempts == 1 {
            self.reaped.resident_before = resident;
        }
        self.tell(setup, ReapEventKind::Began { resident });

        self.reaped.complete = self.take_what_can_be(setup, cx);
        if self.reaped.complete || self.reaped.attempts >= setup.tries {
            self.finish(setup, cx);
            return None;
        }
        self.tell(setup, ReapEventKind::Waits { interval: setup.interval });
        // From the end of this try to the beginning of the next: a long try does not eat it up.
        self.due = after(setup.interval);
        Some(self)
    }

    /// Takes whatever nobody refuses. Returns whether nothing is left.
    fn take_what_can_be(&mut self, setup: &Builder, cx: &mut Sleepable) -> bool {
        let victim = Arc::clone(&self.victim);
        // Only tried: who holds it may wait for memory.
        let Some(guard) = victim.try_lock() else {
            self.reaped.busy += 1;
            self.tell(setup, ReapEventKind::Busy);
            return false;
        };
        let mut complete = true;
        for mapping in guard.shared() {
            if self.has_taken(mapping) {
                continue;
            }
            let range = mapping.range();
            // A callback that panics took nothing, and must not take the reaper with it.
            let caught = catch_unwind(AssertUnwindSafe(|| take(&victim, mapping, cx)));
            let kind = match caught {
                Ok(Outcome::Taken) => {
                    self.taken.push(Arc::downgrade(mapping));
                    self.reaped.taken.push(range);
                    ReapEventKind::Taken { range }
                }
                Ok(Outcome::Refused) => {
                    self.reaped.refusals += 1;
                    complete = false;
                    ReapEventKind::Refused { range }
                }
                Ok(Outcome::Failed(error)) => {
                    self.reaped.failures += 1;
                    complete = false;
                    ReapEventKind::Failed { error }
                }
                Err(_panic) => {
                    self.reaped.panics += 1;
                    complete = false;
                    ReapEventKind::Panicked { range }
                }
            };
            self.tell(setup, kind);
        }
        complete
    }

    fn has_taken(&self, mapping: &Arc<Mapping>) -> bool {
        self.taken.iter().any(|taken| core::ptr::eq(taken.as_ptr(), Arc::as_ptr(mapping)))
    }

    /// Reports to whoever waits.
    fn finish(mut self, setup: &Builder, cx: &mut Sleepable) {
        self.reaped.resident_after = self.victim.resident(cx).ok();
        self.reaped.skipped = self.victim.ranges_of(|mapping| !self.has_taken(mapping));
        self.tell(setup, ReapEventKind::Done { reaped: self.reaped.clone() });
        // Nobody need wait for it.
        let _ = self.done.send(self.reaped);
    }

    fn tell(&self, setup: &Builder, kind: ReapEventKind) {
        if let Some(watcher) = &setup.watcher {
            let attempt = self.reaped.attempts;
            let event = ReapEvent { victim: Arc::clone(&self.victim), attempt, kind };
            // The panic hook has reported it; the reaper has work to do.
            let _ = catch_unwind(AssertUnwindSafe(|| watcher(&event)));
        }
    }
}

/// Takes the pages of a mapping, unless a driver would have to wait for that.
fn take(victim: &Mm, mapping: &Mapping, cx: &mut Sleepable) -> Outcome {
    let range = mapping.range();
    match victim.space().try_invalidate(range, Event::Unmap, cx) {
        Err(WouldBlock) => Outcome::Refused,
        // Outside the section, which was around the callbacks only. The end calls are made when this returns.
        Ok(_invalidation) => match mapping.zap(&range, cx) {
            Ok(()) => Outcome::Taken,
            Err(error) => Outcome::Failed(error),
        },
    }
}

/// Returns the time after an interval, or a century from now if the clock cannot count that far.
fn after(interval: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    let now = Instant::now();
    now.checked_add(interval).unwrap_or_else(|| now + CENTURY)
}
