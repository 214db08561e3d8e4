//! An invalidation under way, from the first start callback to the last end.

use core::cell::Cell;
use core::convert::Infallible;
use core::fmt;
use core::mem;

use nonblock::rcu::Guard;
use nonblock::unwind::FirstPanic;
use nonblock::{Context, NonBlock, Sleepable, WouldBlock};

use super::interval_notifier::IntervalNotifier;
use super::notifier::Notifier;
use super::open::Open;
use super::origin::Origin;
use super::range::Range;
use super::snapshot::Snapshot;
use super::subscriptions::Subscriptions;

/// A range that was taken from the devices: they leave it alone until this is dropped.
///
/// Made by [`AddressSpace::invalidate`](super::AddressSpace::invalidate) and
/// [`try_invalidate`](super::AddressSpace::try_invalidate). Change the mapping while it is held; its drop is the end call,
/// to every driver whose start succeeded, in the order of the starts. The drivers are the same at the end as at the
/// start, whoever subscribes or unsubscribes meanwhile. Invalidations nest and overlap as they please.
///
/// It stays on its thread: an unsubscription waits for open invalidations, and must know which are its own
/// thread's. Forgotten rather than dropped, it stays open: every later
/// [`unsubscribe`](super::Subscription::unsubscribe) of the address space on another thread waits for ever, and on this thread none, of
/// whatever address space, waits ([`ends_are_deferred`](nonblock::rcu::ends_are_deferred)).
///
/// # Panics
///
/// An end callback that panics keeps no other from its call. The drop then passes the first panic on; if the thread is
/// unwinding already, none. What the others panicked with is dropped there, in the section.
///
/// # Context
///
/// May be held across a sleep, and dropped anywhere: the end callbacks run in a section of its own.
///
/// # Examples
///
/// ```
/// use nonblock_mm::mmu::{AddressSpace, Event, Range};
///
/// let space = AddressSpace::new();
/// let range = Range::with_len(0x10_0000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     let invalidation = space.invalidate(range, Event::Clear, cx);
///     assert_eq!(invalidation.range(), &range);
///     assert_eq!(invalidation.range().event(), Event::Clear);
///     // ... change the page table ...
///     drop(invalidation);
/// });
/// ```
///
/// ```compile_fail,E0277
/// # use nonblock_mm::mmu::{AddressSpace, Event, Range};
/// # let space = AddressSpace::new();
/// # let range = Range::with_len(0x10_0000, 4096).unwrap();
/// nonblock::sleepable(|cx| {
///     let invalidation = space.invalidate(range, Event::Clear, cx);
///     std::thread::scope(|scope| {
///         scope.spawn(move || drop(invalidation)); // cannot be sent between threads safely
///     });
/// });
/// ```
#[must_use = "the invalidation ends when this is dropped: keep it while the range is changed, bound to a name, since `let _` drops it at once"]
pub struct Invalidation<'a> {
    /// Until the drop takes it.
    pinned: Option<Pinned<'a>>,
    range: Range,
    /// The version, by the address space's clock, at which it began.
    began: u64,
    /// How many of the intervals that meet the range had a start that succeeded.
    intervals: usize,
    /// How far down the list the starts succeeded.
    listed: usize,
    /// The call that made it, for reports of what an end call does.
    origin: Origin,
}

/// The subscribers that it is about. Neither `Send` nor `Sync`.
struct Pinned<'a> {
    snapshot: Guard<'a, Snapshot>,
    _open: Open,
}

// Memory that is written word by word and then moved in wider pieces holds the processor up for longer than the rest of an
// invalidation takes. So these functions are inlined into the caller, who keeps their values in registers. The loops are
// not.
impl<'a> Invalidation<'a> {
    /// Calls the start callbacks of a caller that may sleep.
    #[inline]
    #[track_caller]
    pub(super) fn start(
        subscriptions: &'a Subscriptions,
        range: Range,
        cx: &mut Sleepable,
    ) -> Self {
        let interval = |notifier: &dyn IntervalNotifier, range: &Range, cx: &mut Sleepable| {
            notifier.invalidate_interval_start(range, cx);
            Ok(())
        };
        let listed = |notifier: &dyn Notifier, range: &Range, cx: &mut Sleepable| {
            notifier.invalidate_range_start(range, cx);
            Ok(())
        };
        let Ok(invalidation) = Self::with::<_, Infallible>(
            subscriptions,
            range,
            Origin::caller(),
            cx,
            interval,
            listed,
        );
        invalidation
    }

    /// Calls the start callbacks of a caller that must not, up to the first that refuses.
    #[inline]
    #[track_caller]
    pub(super) fn start_nonblock<C: Context>(
        subscriptions: &'a Subscriptions,
        range: Range,
        cx: &mut C,
    ) -> Result<Self, WouldBlock> {
        let interval = |notifier: &dyn IntervalNotifier, range: &Range, nb: &mut NonBlock| {
            notifier.invalidate_interval_start_nonblock(range, nb)
        };
        let listed = |notifier: &dyn Notifier, range: &Range, nb: &mut NonBlock| {
            notifier.invalidate_range_start_nonblock(range, nb)
        };
        let origin = Origin::caller();
        cx.non_block(|nb| Self::with(subscriptions, range, origin, nb, interval, listed))
    }

    #[inline]
    fn with<C, X>(
        subscriptions: &'a Subscriptions,
        range: Range,
        origin: Origin,
        cx: &mut C,
        interval: impl Fn(&dyn IntervalNotifier, &Range, &mut C) -> Result<(), X>,
        list: impl Fn(&dyn Notifier, &Range, &mut C) -> Result<(), X>,
    ) -> Result<Self, X> {
        let open = Open::count();
        let snapshot = subscriptions.snapshot.read();
        // Read after the snapshot, so that it is not behind the version at which that was made.
        let began = subscriptions.clock.now();
        // A copy: a value that other functions have a reference to is read again from memory.
        let told = &{ range };
        let mut intervals = 0;
        if !snapshot.tree.is_empty() {
            intervals = start_intervals(&snapshot, told, began, origin, cx, interval)?;
        }
        let listed = start_list(&snapshot, told, began, intervals, origin, cx, list)?;
        let pinned = Some(Pinned { snapshot, _open: open });
        Ok(Self { pinned, range, began, intervals, listed, origin })
    }

    /// Returns the range, with the event.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> &Range {
        &self.range
    }
}

impl Drop for Invalidation<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(pinned) = self.pinned.take() {
            end(pinned, &self.range, self.began, self.intervals, self.listed, self.origin);
        }
    }
}

impl fmt::Debug for Invalidation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pinned, range, began, intervals, listed, .. } = self;
        let list = |pinned: &Pinned<'_>| pinned.snapshot.list_at(*began).before(*listed).count();
        f.debug_struct("Invalidation")
            .field("range", range)
            .field("intervals", intervals)
            .field("started", &pinned.as_ref().map_or(0, list))
            .finish_non_exhaustive()
    }
}

/// Calls the end callbacks, and lets go of the snapshot. A callback that panics keeps no other from its call.
#[inline]
fn end(
    pinned: Pinned<'_>,
    range: &Range,
    began: u64,
    intervals: usize,
    listed: usize,
    origin: Origin,
) {
    // Until after the calls, by unwinding too.
    let Pinned { snapshot, _open } = pinned;
    let snapshot = &*snapshot;
    if intervals == 0 {
        end_list(snapshot, range, began, listed, origin);
    } else {
        end_both(snapshot, range, began, intervals, listed, origin);
    }
}

/// Calls the end callbacks of the list.
#[inline]
fn end_list(snapshot: &Snapshot, range: &Range, began: u64, listed: usize, origin: Origin) {
    let list = snapshot.list_at(began).before(listed);
    origin.non_block(|nb| {
        list.for_each(nb, |notifier, nb| notifier.invalidate_range_end(range, nb));
    });
}

/// Calls the end callbacks of the intervals, and of the list.
#[inline(never)]
fn end_both(
    snapshot: &Snapshot,
    range: &Range,
    began: u64,
    intervals: usize,
    listed: usize,
    origin: Origin,
) {
    let mut first_panic = FirstPanic::new();
    let mut left = intervals;
    // An error says that no more are due.
    let _ = snapshot.meeting_at(range, began).try_for_each(|leaf| {
        if left == 0 {
            return Err(());
        }
        left -= 1;
        leaf.interval.invalidate_seq.end();
        let end = |nb: &mut NonBlock| leaf.notifier.invalidate_interval_end(range, nb);
        first_panic.catch(|| origin.non_block(end));
        Ok(())
    });
    first_panic.catch(|| end_list(snapshot, range, began, listed, origin));
    first_panic.resume();
}

/// How far a start has come. Dropped, by a refusal or a panic, it calls the end callbacks of those that started.
struct Starting<'a> {
    snapshot: &'a Snapshot,
    range: &'a Range,
    began: u64,
    intervals: Cell<usize>,
    listed: Cell<usize>,
    origin: Origin,
}

impl Drop for Starting<'_> {
    #[inline]
    fn drop(&mut self) {
        let Self { snapshot, range, began, ref intervals, ref listed, origin } = *self;
        undo(snapshot, range, began, intervals.get(), listed.get(), origin);
    }
}

/// Calls the end callbacks of those that started before one refused.
#[cold]
#[inline(never)]
fn undo(
    snapshot: &Snapshot,
    range: &Range,
    began: u64,
    intervals: usize,
    listed: usize,
    origin: Origin,
) {
    end_both(snapshot, range, began, intervals, listed, origin);
}

/// Calls the start callbacks of the intervals, and returns how many started.
#[inline(never)]
fn start_intervals<C, X>(
    snapshot: &Snapshot,
    range: &Range,
    began: u64,
    origin: Origin,
    cx: &mut C,
    start: impl Fn(&dyn IntervalNotifier, &Range, &mut C) -> Result<(), X>,
) -> Result<usize, X> {
    let (intervals, listed) = (Cell::new(0), Cell::new(0));
    let starting = Starting { snapshot, range, began, intervals, listed, origin };
    snapshot.meeting_at(range, began).try_for_each(|leaf| {
        // Before the call: see `InvalidateSeq`. If the call refuses or panics, it is over for this one.
        let counted = leaf.interval.invalidate_seq.begin();
        start(&**leaf.notifier, range, cx)?;
        counted.keep();
        starting.intervals.update(|intervals| intervals + 1);
        Ok(())
    })?;
    let intervals = starting.intervals.get();
    mem::forget(starting);
    Ok(intervals)
}

/// Calls the start callbacks of the list, and returns how far down it they succeeded.
#[inline]
fn start_list<C, X>(
    snapshot: &Snapshot,
    range: &Range,
    began: u64,
    intervals: usize,
    origin: Origin,
    cx: &mut C,
    start: impl Fn(&dyn Notifier, &Range, &mut C) -> Result<(), X>,
) -> Result<usize, X> {
    let (intervals, listed) = (Cell::new(intervals), Cell::new(0));
    let starting = Starting { snapshot, range, began, intervals, listed, origin };
    let start = |notifier: &dyn Notifier| start(notifier, range, cx);
    snapshot.list_at(began).try_for_each(&starting.listed, start)?;
    let listed = starting.listed.get();
    mem::forget(starting);
    Ok(listed)
}
