//! Waiting in several lines at once, for whichever has something first.
//!
//! A thread that waits for any of several things has a place in the line of each, and parks once for all. In each line it
//! keeps the rules of the other waiters (see `with_threads`). It looks only where it is its turn: where it was woken, or where
//! nobody is ahead. Where it was woken and somebody else was faster, it keeps its place, and waits to be woken again.
//!
//! # No wake-up is lost
//!
//! The thread takes from one line, but several may have woken it, and each of them woke nobody else for that. So it leaves all
//! lines, and then looks at each for more, and if there is more wakes the next: as any waiter does that leaves, whether it has
//! found something or its time has run out. It leaves all before it looks at one, since it may have two places in a line, and would
//! else wake itself.
//!
//! It waits again only in lines at which it has looked since they woke it. A line that wakes it after its look finds it awake: it
//! parks only when none has.

use core::iter;

use super::look::Look;
use super::with_threads::{BoxedWaiter, park_until, settle};
use crate::primitive::{Instant, LOOKS_BEFORE_WAITING, Ordering, current, fence, relax};

/// One of several things that a thread waits for.
pub(crate) trait InLineForAny {
    /// The waiter that gets in line for it.
    fn waiter(&self) -> &BoxedWaiter<'_>;

    /// Tells whether another waiter's look at it may find something, now or soon.
    fn is_ready(&self) -> bool;
}

/// Waits in turn until a look at one of several has found something, for a time at most, and returns which one. When the time has
/// run out, it looks a last time.
///
/// Of several that have something, it is the one that comes first from `start` on.
pub(crate) fn wait_for_any<A: InLineForAny>(
    all: &mut [A],
    start: usize,
    deadline: Option<Instant>,
    mut look: impl FnMut(&mut A) -> Look<()>,
) -> Option<usize> {
    for round in 0..LOOKS_BEFORE_WAITING {
        let has_no_line = |one: &A| !one.waiter().has_line();
        if let Look::Found(found) = look_where(all, start, has_no_line, &mut look) {
            return Some(found);
        }
        relax(round);
    }
    let this_thread = current();
    let in_lines = InLines::join(all);
    loop {
        fence(Ordering::SeqCst);
        let takes_turn = |one: &A| one.waiter().takes_turn();
        let mut look_in_turn = || look_where(in_lines.0, start, takes_turn, &mut look);
        match settle(deadline, &mut look_in_turn) {
            Look::Found(found) => return Some(found),
            // The time has run out.
            Look::Soon => break,
            Look::Nothing => {}
        }
        if !in_lines.wait_again()
            && !park_until(&this_thread, deadline, || in_lines.were_notified())
        {
            break;
        }
    }
    match look_where(in_lines.0, start, |_| true, &mut look) {
        Look::Found(found) => Some(found),
        Look::Soon | Look::Nothing => None,
    }
}

/// Looks once at those that a condition holds for, from `start` on, until something is found. Returns where.
pub(crate) fn look_where<A>(
    all: &mut [A],
    start: usize,
    condition: impl Fn(&A) -> bool,
    look: &mut impl FnMut(&mut A) -> Look<()>,
) -> Look<usize> {
    let mut seen = Look::Nothing;
    for index in (start..all.len()).chain(0..start) {
        let one = &mut all[index];
        if condition(one) {
            match look(one) {
                Look::Found(()) => return Look::Found(index),
                Look::Soon => seen = Look::Soon,
                Look::Nothing => {}
            }
        }
    }
    seen
}

/// A thread in several lines, until this is dropped.
struct InLines<'a, A: InLineForAny>(&'a mut [A]);

impl<'a, A: InLineForAny> InLines<'a, A> {
    fn join(all: &'a mut [A]) -> Self {
        let in_lines = Self(all);
        in_lines.waiters().for_each(BoxedWaiter::join);
        in_lines
    }

    fn waiters(&self) -> impl Iterator<Item = &BoxedWaiter<'_>> {
        self.0.iter().map(A::waiter)
    }

    /// Ends all turns. Returns whether another look is due somewhere.
    fn wait_again(&self) -> bool {
        self.waiters().filter(|waiter| waiter.wait_again()).count() > 0
    }

    fn were_notified(&self) -> bool {
        self.waiters().any(BoxedWaiter::was_notified)
    }
}

impl<A: InLineForAny> Drop for InLines<'_, A> {
    fn drop(&mut self) {
        self.waiters().for_each(BoxedWaiter::leave);
        fence(Ordering::SeqCst);
        for (one, waiter) in iter::zip(&*self.0, self.waiters()) {
            waiter.pass_on(|| one.is_ready());
        }
    }
}
