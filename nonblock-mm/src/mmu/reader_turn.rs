//! A reader's turn while it lasts, and the wait of an invalidation for it. See `turn_counts`.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::thread::Backoff;

use super::interval::Interval;
use super::open_on_this_thread::OpenInvalidation;
use super::range::Range;
use super::subscriptions::Subscriptions;
use crate::primitive::{MAX_TURN_WAITS, per_thread};

per_thread! {
    /// How many turns this thread has.
    static OWN: usize = 0;
}

/// A turn that this thread has, until this is dropped.
pub(super) struct ReaderTurn<'a> {
    interval: &'a Interval,
    subscriptions: Arc<Subscriptions>,
    number: u64,
}

impl<'a> ReaderTurn<'a> {
    /// Takes the turn of the interval, unless another reader has it.
    pub(super) fn take(interval: &'a Interval, subscriptions: Arc<Subscriptions>) -> Option<Self> {
        let number = subscriptions.turns.take(&interval.turn)?;
        OWN.with(|own| own.set(own.get() + 1));
        Some(Self { interval, subscriptions, number })
    }

    /// Returns whether an invalidation has ended the turn, because it had waited for too long.
    pub(super) fn has_ended(&self) -> bool {
        self.interval.turn.current() != self.number
    }
}

impl Drop for ReaderTurn<'_> {
    fn drop(&mut self) {
        OWN.with(|own| own.set(own.get() - 1));
        self.subscriptions.turns.end(&self.interval.turn, self.number);
    }
}

/// Waits while a reader has the turn of an interval that meets the range, before an invalidation of it begins.
#[inline]
#[track_caller]
pub(super) fn wait_for_readers(subscriptions: &Subscriptions, range: &Range, cx: &mut Sleepable) {
    if subscriptions.turns.any() {
        wait_for_turns(subscriptions, range, cx);
    }
}

#[cold]
#[track_caller]
fn wait_for_turns(subscriptions: &Subscriptions, range: &Range, cx: &mut Sleepable) {
    if OpenInvalidation::any_on_this_thread() || OWN.with(|own| own.get() != 0) {
        return;
    }
    let turns = &subscriptions.turns;
    let mut backoff = Backoff::new();
    for _ in 0..MAX_TURN_WAITS {
        if !turns.any() || !any_turn(subscriptions, range, |_| true) {
            return;
        }
        backoff.snooze(cx);
    }
    any_turn(subscriptions, range, |interval| {
        turns.end(&interval.turn, interval.turn.current());
        false
    });
}

/// Calls the closure for each interval that meets the range and whose turn a reader has, until it returns `true`. Returns
/// whether it did.
fn any_turn(
    subscriptions: &Subscriptions,
    range: &Range,
    mut call: impl FnMut(&Interval) -> bool,
) -> bool {
    let snapshot = subscriptions.snapshot.read();
    let intervals = snapshot.intervals_at(range, subscriptions.clock.now());
    let called = intervals.try_for_each(|subscriber| {
        let interval = &*subscriber.interval;
        if interval.turn.current() != 0 && call(interval) { Err(()) } else { Ok(()) }
    });
    called.is_err()
}
