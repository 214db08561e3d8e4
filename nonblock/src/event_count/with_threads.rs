//! The event count with `std`: its threads park.
//!
//! A waiter gets in line, looks once more for what it waits for, and parks. A notifier first changes what the waiters look at.
//! Then it looks whether somebody waits, and if so wakes the first in line. The waiter has a fence between getting in line and
//! looking, and the notifier has one, or a read-modify-write, between its change and its look at the line. So either the
//! notifier sees the waiter, or the waiter sees the change.
//!
//! # First come, first woken
//!
//! A waiter stays in line until it has found what it waits for, also if it was woken and somebody else was faster. A notifier
//! wakes the one that came first, of those that are not awake. Whoever comes while others are in line gets behind them, and does
//! not look before it is first or woken. So a thread that gives something back and wants it again does not get ahead of those
//! who wait. (Only what does not wait gets ahead: a section, which cannot stand in line. And whoever has run out of time looks a
//! last time.)
//!
//! A waiter that did not look has relied on those ahead. So whoever leaves the line looks whether there is more, and if so
//! wakes the next. Between leaving the line and looking it has a fence, as a waiter has between getting in line and looking
//! who is ahead: either the newcomer sees that the line is empty, or whoever leaves it sees what the newcomer did not look at.
//!
//! # Who changes the line
//!
//! A waiter's place in line is on its own stack, so waiting allocates nothing, and any number of threads can wait. The line is a
//! linked list of these places, in which the first is behind the last, so that the event count needs a pointer to the last alone.
//! One thread at a time changes it. A waiter waits until it can: it may sleep. A notifier waits
//! for nobody. If another thread is changing the line just then, the notifier leaves it a request, and that thread wakes on its
//! behalf before it is done. This is known as delegation, or flat combining. So a notifier is never held up, by a thread that
//! lost its processor neither; only those it wakes are.
//!
//! A waiter cannot leave the line, and its place not vanish, while another thread changes the line. So a notifier uses the
//! handle of the thread where it lies. It neither clones nor drops it, and neither allocates nor releases memory.

use core::cell::Cell;
use core::fmt;
use core::ptr;
use core::time::Duration;
use std::boxed::Box;

use super::look::Look;
use crate::primitive::{
    AtomicBool, AtomicU32, Instant, LOOKS_BEFORE_WAITING, Ordering, Thread, UnsafeCell, current,
    fence, is_over, load_after_rmw, lock_is_free, park, park_timeout, relax, wait_for_lock,
};

/// In the requests: a thread is changing the line. Nobody asks for anything otherwise.
const LOCKED: u32 = 1;

/// In the requests: all that wait are to be woken.
const ALL: u32 = 2;

/// In the requests: one more is to be woken.
const ONE: u32 = 4;

/// Waits in turn: see the head of this file.
const IN_TURN: bool = true;

/// Why a wait has found something.
const NO_DEADLINE: &str = "a wait without a deadline ends when something was found";

/// Lets threads wait for an event, and wakes one of them or all.
///
/// Whoever changes what the waiters look at notifies it: one of them for a thing that one can have, all of them for what all can
/// see. Those that wait [in turn](Self::wait) all look for the same.
pub(crate) struct EventCount {
    /// How many of those in line are to be woken. Changed only by who has locked the line.
    waiting: AtomicU32,
    /// How many are in line. Changed only by who has locked the line.
    in_line: AtomicU32,
    requests: AtomicU32,
    /// The last in line, or null.
    last: UnsafeCell<*const Waiter>,
}

impl fmt::Debug for EventCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCount").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

/// A thread that waits.
pub(crate) struct Waiter {
    thread: Thread,
    was_notified: AtomicBool,
    place: UnsafeCell<Place>,
}

/// A waiter's place in line. Only who has locked the line reaches it. The last is ahead of the first, and the first behind the last.
#[derive(Clone, Copy)]
struct Place {
    ahead: *const Waiter,
    behind: *const Waiter,
    /// Whether it waits to be woken.
    waits: bool,
}

// SAFETY: the line and the places in it are reached only by the one thread that has locked the line. What they point to is
// there until it has left the line. Handles of threads are `Send` and `Sync`.
unsafe impl Sync for EventCount {}

// SAFETY: as above. Who waits has borrowed the event count, so one that moves has nobody in line.
unsafe impl Send for EventCount {}

impl EventCount {
    pub(crate) const fn new() -> Self {
        Self {
            waiting: AtomicU32::new(0),
            in_line: AtomicU32::new(0),
            requests: AtomicU32::new(0),
            last: UnsafeCell::new(ptr::null()),
        }
    }

    /// Wakes the thread that has waited longest, if any waits. Call it after a change that one waiter looks for.
    #[inline]
    pub(crate) fn notify_one(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) != 0 {
            self.request(ONE);
        }
    }

    /// As [`notify_one`](Self::notify_one), for a caller whose change is, or is followed by, a `SeqCst` read-modify-write.
    #[inline]
    pub(crate) fn notify_one_after_rmw(&self) {
        if load_after_rmw(&self.waiting) != 0 {
            self.request(ONE);
        }
    }

    /// Wakes all threads that wait. Call it after a change that all of them look for.
    pub(crate) fn notify_all(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) != 0 {
            self.request(ALL);
        }
    }

    /// Returns how many threads wait, and were not woken yet.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed) as usize
    }

    /// Returns whether somebody is in line, so that who comes now is to get behind.
    #[inline]
    pub(crate) fn has_line(&self) -> bool {
        self.in_line.load(Ordering::Relaxed) != 0
    }

    /// Waits in turn until `look` has found something, a thing that one can have. It is called repeatedly.
    ///
    /// `is_ready` tells whether another waiter's `look` may find something, now or soon.
    pub(crate) fn wait<R>(&self, is_ready: impl Fn() -> bool, look: impl FnMut() -> Look<R>) -> R {
        self.wait_until(None, IN_TURN, is_ready, look).expect(NO_DEADLINE)
    }

    /// Waits until a condition holds that all can see, in no turn. It is called repeatedly.
    pub(crate) fn wait_while_not(&self, mut condition: impl FnMut() -> bool) {
        let look = || condition().then_some(()).into();
        self.wait_until(None, !IN_TURN, || false, look).expect(NO_DEADLINE);
    }

    /// As [`wait`](Self::wait), but not longer than a time. When the time has run out, it looks a last time.
    pub(crate) fn wait_for<R>(
        &self,
        timeout: Duration,
        is_ready: impl Fn() -> bool,
        look: impl FnMut() -> Look<R>,
    ) -> Option<R> {
        // A time that ends later than the clock can tell never runs out.
        self.wait_until(Instant::now().checked_add(timeout), IN_TURN, is_ready, look)
    }

    fn wait_until<R>(
        &self,
        deadline: Option<Instant>,
        in_turn: bool,
        is_ready: impl Fn() -> bool,
        mut look: impl FnMut() -> Look<R>,
    ) -> Option<R> {
        for round in 0..LOOKS_BEFORE_WAITING {
            if in_turn && self.has_line() {
                break;
            }
            if let Look::Found(found) = look() {
                return Some(found);
            }
            relax(round);
        }
        let waiter = Waiter::new();
        let in_line = InLine::join(self, &waiter);
        let mut looks = in_line.is_first() || !in_turn;
        let found = loop {
            if looks {
                fence(Ordering::SeqCst);
                match settle(deadline, &mut look) {
                    Look::Found(found) => break Some(found),
                    Look::Soon => break None,
                    Look::Nothing => {}
                }
            }
            let was_notified = in_line.wait(deadline);
            match settle(deadline, &mut look) {
                Look::Found(found) => break Some(found),
                Look::Nothing if was_notified => looks = in_line.wait_again() || !in_turn,
                Look::Nothing | Look::Soon => break None,
            }
        };
        drop(in_line);
        fence(Ordering::SeqCst);
        self.pass_on(is_ready);
        found
    }

    /// Wakes the next, if there is more. For who has left the line, after a fence.
    fn pass_on(&self, is_ready: impl FnOnce() -> bool) {
        if self.waiting.load(Ordering::Relaxed) != 0 && is_ready() {
            self.request(ONE);
        }
    }

    /// Wakes waiters, or has them woken by the thread that is changing the line.
    #[cold]
    fn request(&self, request: u32) {
        let mut requests = self.requests.load(Ordering::Relaxed);
        loop {
            let with_it = match requests {
                0 => LOCKED,
                _ if request == ALL => requests | ALL,
                // Beyond 2^30 requests all are woken: fewer threads wait.
                _ => requests.checked_add(request).unwrap_or(requests | ALL),
            };
            // Whoever wakes on this thread's behalf acquires what this thread did.
            match self.requests.compare_exchange_weak(
                requests,
                with_it,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(0) => {
                    let locked = LockedLine(self);
                    locked.wake(request);
                    return;
                }
                Ok(_) => return,
                Err(now) => requests = now,
            }
        }
    }

    /// Waits until this thread alone can change the line. Only for who may sleep.
    fn lock(&self) -> LockedLine<'_> {
        let is_locked = || {
            let locked =
                self.requests.compare_exchange(0, LOCKED, Ordering::Acquire, Ordering::Relaxed);
            locked.is_ok()
        };
        wait_for_lock(is_locked);
        LockedLine(self)
    }
}

/// Looks until something is found or nobody is about to put it there. [`Look::Soon`] if the time has run out before.
pub(super) fn settle<R>(deadline: Option<Instant>, look: &mut impl FnMut() -> Look<R>) -> Look<R> {
    let mut round = 0;
    loop {
        match look() {
            Look::Soon if deadline.is_none_or(|deadline| !left_until(deadline).is_zero()) => {
                relax(round);
                round = round.saturating_add(1);
            }
            found => return found,
        }
    }
}

/// Parks until this thread was notified. Returns whether it was, and not only the time has run out.
///
/// What ended a park may be the token that somebody else has left for this thread, by [`Thread::unpark`], and that its user looks
/// for in a park of his own. So whoever has parked leaves a token: a park may return without a reason, but must not miss one.
pub(super) fn park_until(
    this_thread: &Thread,
    deadline: Option<Instant>,
    was_notified: impl Fn() -> bool,
) -> bool {
    let mut has_parked = false;
    let notified = loop {
        if was_notified() {
            break true;
        }
        match deadline {
            None => park(),
            Some(deadline) => {
                let left = left_until(deadline);
                if left.is_zero() {
                    break was_notified();
                }
                park_timeout(left);
            }
        }
        has_parked = true;
    };
    if has_parked {
        this_thread.unpark();
    }
    notified
}

fn left_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

impl Waiter {
    /// Makes a waiter of this thread.
    pub(crate) fn new() -> Self {
        let nowhere = Place { ahead: ptr::null(), behind: ptr::null(), waits: false };
        Self {
            thread: current(),
            was_notified: AtomicBool::new(false),
            place: UnsafeCell::new(nowhere),
        }
    }

    fn was_notified(&self) -> bool {
        self.was_notified.load(Ordering::Acquire)
    }
}

/// A waiter in line, until this is dropped.
pub(crate) struct InLine<'a> {
    event_count: &'a EventCount,
    waiter: &'a Waiter,
    is_first: bool,
}

impl<'a> InLine<'a> {
    /// Gets in line, last. The waiter must not be in a line already.
    pub(crate) fn join(event_count: &'a EventCount, waiter: &'a Waiter) -> Self {
        let is_first = event_count.lock().push(waiter);
        Self { event_count, waiter, is_first }
    }

    /// Whether nobody was ahead when this one got in line.
    fn is_first(&self) -> bool {
        self.is_first
    }

    /// Waits until it is notified. Returns whether it was, and not only the time has run out.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        park_until(&self.waiter.thread, deadline, || self.was_notified())
    }

    /// Keeps its place, and is to be woken again. Returns whether nobody is ahead.
    fn wait_again(&self) -> bool {
        self.event_count.lock().wait_again(self.waiter)
    }

    fn was_notified(&self) -> bool {
        self.waiter.was_notified()
    }

    /// Leaves the line. Returns whether it was notified.
    pub(crate) fn leave(self) -> bool {
        let waiter = self.waiter;
        drop(self);
        waiter.was_notified()
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        if !is_over() {
            self.event_count.lock().remove(self.waiter);
        }
    }
}

/// A waiter in a box, which gets in line and leaves it again and again: for a thread that waits in any number of lines.
///
/// It lies in the box while it is in line, and whoever drops it has left the line before. It is not `Send`, so the thread that it
/// wakes is the one that waits.
#[cfg_attr(not(feature = "lock_api"), allow(dead_code, reason = "only channels are selected from"))]
pub(crate) struct BoxedWaiter<'a> {
    event_count: &'a EventCount,
    waiter: Box<Waiter>,
    is_in_line: Cell<bool>,
    turn: Cell<Turn>,
}

/// Why a waiter in line may look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It may not yet: others are ahead, or it has looked.
    No,
    /// It is first, and has not looked since.
    First,
    /// It was woken.
    Woken,
}

#[cfg_attr(not(feature = "lock_api"), allow(dead_code, reason = "only channels are selected from"))]
impl<'a> BoxedWaiter<'a> {
    /// Makes a waiter of this thread, in no line yet.
    pub(crate) fn new(event_count: &'a EventCount) -> Self {
        Self {
            event_count,
            waiter: Box::new(Waiter::new()),
            is_in_line: Cell::new(false),
            turn: Cell::new(Turn::No),
        }
    }

    /// Returns whether somebody is in line, so that who comes now is to get behind.
    pub(super) fn has_line(&self) -> bool {
        self.event_count.has_line()
    }

    /// Gets in line, last.
    pub(super) fn join(&self) {
        assert!(!self.is_in_line.replace(true), "a waiter has one place in line");
        self.waiter.was_notified.store(false, Ordering::Relaxed);
        let is_first = self.event_count.lock().push(&self.waiter);
        self.turn.set(if is_first { Turn::First } else { Turn::No });
    }

    pub(super) fn was_notified(&self) -> bool {
        self.waiter.was_notified()
    }

    /// Returns whether it may look, and if so expects that it does.
    pub(super) fn takes_turn(&self) -> bool {
        if self.was_notified() {
            self.turn.set(Turn::Woken);
        }
        self.turn.get() != Turn::No
    }

    /// Ends a turn in which nothing was found. It keeps its place, and is to be woken again if it was. Returns whether it may look
    /// at once, since nobody is ahead.
    pub(super) fn wait_again(&self) -> bool {
        let is_first =
            self.turn.get() == Turn::Woken && self.event_count.lock().wait_again(&self.waiter);
        self.turn.set(if is_first { Turn::First } else { Turn::No });
        is_first
    }

    /// Leaves the line, if it is in line.
    pub(super) fn leave(&self) {
        if self.is_in_line.replace(false) {
            self.event_count.lock().remove(&self.waiter);
        }
    }

    /// Wakes the next, if there is more. Call it after leaving the line, and after a `SeqCst` fence.
    pub(super) fn pass_on(&self, is_ready: impl FnOnce() -> bool) {
        self.event_count.pass_on(is_ready);
    }
}

impl Drop for BoxedWaiter<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The right to change the line. When it is dropped, those are woken whom others have asked for meanwhile.
struct LockedLine<'a>(&'a EventCount);

impl LockedLine<'_> {
    /// Puts a waiter last. Returns whether it is first too.
    fn push(&self, waiter: &Waiter) -> bool {
        let event_count = self.0;
        let (this, last) = (ptr::from_ref(waiter), self.last());
        let is_first = last.is_null();
        let (ahead, behind) = if is_first { (this, this) } else { (last, self.first()) };
        self.set_place(waiter, Place { ahead, behind, waits: true });
        if !is_first {
            self.change_place(ahead, |ahead| ahead.behind = this);
            self.change_place(behind, |behind| behind.ahead = this);
        }
        self.set_last(this);
        add_one(&event_count.in_line);
        add_one(&event_count.waiting);
        is_first
    }

    /// Takes a waiter out, wherever it is.
    fn remove(&self, waiter: &Waiter) {
        let event_count = self.0;
        let (this, place) = (ptr::from_ref(waiter), self.place(waiter));
        let is_alone = place.behind == this;
        if !is_alone {
            self.change_place(place.ahead, |ahead| ahead.behind = place.behind);
            self.change_place(place.behind, |behind| behind.ahead = place.ahead);
        }
        if self.last() == this {
            self.set_last(if is_alone { ptr::null() } else { place.ahead });
        }
        subtract_one(&event_count.in_line);
        if place.waits {
            subtract_one(&event_count.waiting);
        }
    }

    /// Has a waiter that was notified wait to be woken again. Returns whether it is first.
    fn wait_again(&self, waiter: &Waiter) -> bool {
        waiter.was_notified.store(false, Ordering::Relaxed);
        let place = self.place(waiter);
        self.set_place(waiter, Place { waits: true, ..place });
        add_one(&self.0.waiting);
        ptr::eq(self.first(), waiter)
    }

    /// Wakes those that have waited longest: as many as the requests ask for.
    fn wake(&self, requests: u32) {
        let mut left = if requests & ALL == 0 { requests / ONE } else { u32::MAX };
        let last = self.last();
        if last.is_null() {
            return;
        }
        let mut next = self.first();
        while left > 0 {
            // SAFETY: it is in line, and cannot leave it before this thread is done. See the head of this file.
            let waiter = unsafe { &*next };
            let place = self.place(waiter);
            if place.waits {
                self.set_place(waiter, Place { waits: false, ..place });
                subtract_one(&self.0.waiting);
                waiter.was_notified.store(true, Ordering::Release);
                waiter.thread.unpark();
                left -= 1;
            }
            if next == last {
                return;
            }
            next = place.behind;
        }
    }

    /// The last in line, or null.
    fn last(&self) -> *const Waiter {
        // SAFETY: this thread alone reaches it until `self` is dropped.
        self.0.last.with(|last| unsafe { *last })
    }

    fn set_last(&self, waiter: *const Waiter) {
        // SAFETY: as in `last`.
        self.0.last.with_mut(|last| unsafe { *last = waiter });
    }

    /// The first in line. Somebody must be in line.
    fn first(&self) -> *const Waiter {
        // SAFETY: as in `wake`.
        self.place(unsafe { &*self.last() }).behind
    }

    fn place(&self, waiter: &Waiter) -> Place {
        let _ = self;
        // SAFETY: as in `last`. Places are in line, or about to be, and `self` is the right to change the line.
        waiter.place.with(|place| unsafe { *place })
    }

    fn set_place(&self, waiter: &Waiter, place: Place) {
        let _ = self;
        // SAFETY: as in `place`.
        waiter.place.with_mut(|old| unsafe { *old = place });
    }

    /// Changes the place of one that is in line.
    fn change_place(&self, waiter: *const Waiter, change: impl FnOnce(&mut Place)) {
        // SAFETY: as in `wake`.
        let waiter = unsafe { &*waiter };
        let mut place = self.place(waiter);
        change(&mut place);
        self.set_place(waiter, place);
    }
}

impl Drop for LockedLine<'_> {
    fn drop(&mut self) {
        let requests = &self.0.requests;
        while requests.compare_exchange(LOCKED, 0, Ordering::Release, Ordering::Relaxed).is_err() {
            self.wake(requests.swap(LOCKED, Ordering::AcqRel));
        }
        lock_is_free();
    }
}

/// Adds one to a count that only this thread changes now.
///
/// # Panics
///
/// If the count is full. That many places in line take more memory than machines have.
fn add_one(count: &AtomicU32) {
    let more = count.load(Ordering::Relaxed).checked_add(1).expect("fewer waiters than 2^32");
    count.store(more, Ordering::Relaxed);
}

fn subtract_one(count: &AtomicU32) {
    count.store(count.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
}
