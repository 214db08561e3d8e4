//! The passes over the drivers of intervals, for a caller that may sleep: which second passes are due, and how they are made.

use nonblock::Sleepable;
use nonblock::lockdep::Region;
use nonblock::unwind::FirstPanic;

use super::interval_tree::{Overlapping, Subscriber};
use super::pass_id::PassId;
use super::range::Range;
use super::waits;

/// Makes the first passes, and counts the second passes that they ask for.
///
/// Its drop makes the second passes that are still due. So they are made also if a first pass panics.
pub(super) struct SecondPasses<'a> {
    /// The intervals whose drivers have their first pass.
    intervals: Overlapping<'a>,
    range: &'a Range,
    id: PassId,
    due: usize,
    first_passes: Option<Region>,
    cx: &'a mut Sleepable,
}

impl<'a> SecondPasses<'a> {
    pub(super) fn new(
        intervals: Overlapping<'a>,
        range: &'a Range,
        id: PassId,
        cx: &'a mut Sleepable,
    ) -> Self {
        Self { intervals, range, id, due: 0, first_passes: Some(waits::first_passes()), cx }
    }

    /// Makes the first pass of one of the intervals' drivers. Returns whether a second pass is due.
    #[inline]
    pub(super) fn first_pass(&mut self, subscriber: &Subscriber) -> bool {
        let is_due = subscriber.notifier.first_pass(self.range, self.id, self.cx);
        self.due += usize::from(is_due);
        is_due
    }

    /// Makes the second passes that are due, in the order of the first ones. If one panics, the others are made all the same.
    ///
    /// # Arguments
    ///
    /// * `finished`: called after each second pass, also after one that panicked.
    pub(super) fn finish(
        &mut self,
        first_panic: &mut FirstPanic,
        mut finished: impl FnMut(&Subscriber, &mut FirstPanic),
    ) {
        self.first_passes = None;
        let _second_passes = waits::second_passes();
        let Self { intervals, range, id, ref mut due, ref mut cx, .. } = *self;
        // An error ends the iteration: none is due any more.
        let _ = intervals.try_for_each(|subscriber| {
            if *due == 0 {
                return Err(());
            }
            let pass = || subscriber.notifier.second_pass(range, id, cx);
            // The operation of one that panicked is taken too.
            if first_panic.catch(pass).unwrap_or(true) {
                *due -= 1;
                finished(subscriber, first_panic);
            }
            Ok(())
        });
    }
}

impl Drop for SecondPasses<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.due > 0 {
            let mut first_panic = FirstPanic::new();
            self.finish(&mut first_panic, |_, _| {});
            first_panic.resume();
        }
    }
}
