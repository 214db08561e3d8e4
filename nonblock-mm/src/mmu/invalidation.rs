//! An invalidation under way, from the first start callback to the last end.

use core::cell::Cell;
use core::convert::Infallible;
use core::fmt;
use core::hint;
use core::mem;

use nonblock::lockdep::Region;
use nonblock::rcu::Guard;
use nonblock::unwind::FirstPanic;
use nonblock::{Context, NonBlock, Sleepable, WouldBlock};

use super::caller_place::CallerPlace;
use super::driver_callbacks::Notifier;
use super::open_on_this_thread::OpenInvalidation;
use super::pass_id::PassId;
use super::range::Range;
use super::second_passes::SecondPasses;
use super::subscriptions::Subscriptions;
use super::subscriptions_snapshot::Snapshot;
use super::waits;

/// A range that was taken from the devices. They leave it alone until this is dropped.
///
/// Made by [`AddressSpace::invalidate`](super::AddressSpace::invalidate) and
/// [`try_invalidate`](super::AddressSpace::try_invalidate). Change the mapping while you hold it. Its drop makes the end call
/// to every driver whose start succeeded, in the order of the starts. These are the same drivers as at the start, even if
/// drivers subscribe or unsubscribe meanwhile. Invalidations may nest and overlap.
///
/// It stays on its thread: an unsubscription waits for open invalidations, and must know which of them belong to its own
/// thread. An invalidation that is forgotten instead of dropped stays open for ever. Then every later
/// [`unsubscribe`](super::Subscription::unsubscribe) from this address space on another thread waits for ever, and no
/// unsubscription on this thread, from any address space, waits
/// ([`ends_are_deferred`](nonblock::rcu::ends_are_deferred)).
///
/// # Panics
///
/// If an end callback panics, the other end callbacks are called all the same. The drop then passes the first panic on,
/// unless the thread is unwinding already. The payloads of the other panics are dropped in the section.
///
/// # Context
///
/// May be held across a sleep, and dropped anywhere: the end callbacks run in a section of their own.
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
    /// The snapshot of the drivers. Neither `Send` nor `Sync`. Let go after the end calls.
    snapshot: Guard<'a, Snapshot>,
    range: Range,
    /// The version of the address space's clock at which it began.
    version: u64,
    /// How many intervals' starts succeeded.
    started_intervals: usize,
    /// Up to which place in the list the starts succeeded.
    list_position: usize,
    /// Where it was called for: reports name this place if an end callback breaks a rule.
    caller_place: CallerPlace,
    _open: OpenInvalidation,
    _under_way: Region,
}

// Memory that is written word by word and then read in wider pieces stalls the processor, for longer than the rest of an
// invalidation takes. So these functions are inlined into the caller, which then keeps their values in registers. The loops
// over the drivers are not inlined.
impl<'a> Invalidation<'a> {
    /// Calls the start callbacks, for a caller that may sleep.
    #[inline]
    #[track_caller]
    pub(super) fn start(
        subscriptions: &'a Subscriptions,
        range: Range,
        cx: &mut Sleepable,
    ) -> Self {
        let start_notifier = |notifier: &dyn Notifier, range: &Range, cx: &mut Sleepable| {
            notifier.invalidate_range_start(range, cx);
            Ok(())
        };
        let Ok(invalidation) = Self::start_with::<_, Infallible>(
            subscriptions,
            range,
            CallerPlace::caller(),
            cx,
            |snapshot, range, version, caller_place, cx| {
                Ok(start_intervals(snapshot, range, version, caller_place, cx))
            },
            start_notifier,
        );
        invalidation
    }

    /// Calls the start callbacks in a section, up to the first that refuses.
    #[inline]
    #[track_caller]
    pub(super) fn start_nonblock<C: Context>(
        subscriptions: &'a Subscriptions,
        range: Range,
        cx: &mut C,
    ) -> Result<Self, WouldBlock> {
        let start_notifier = |notifier: &dyn Notifier, range: &Range, nb: &mut NonBlock| {
            notifier.invalidate_range_start_nonblock(range, nb)
        };
        let caller_place = CallerPlace::caller();
        cx.non_block(|nb| {
            let start_intervals = start_intervals_nonblock;
            Self::start_with(
                subscriptions,
                range,
                caller_place,
                nb,
                start_intervals,
                start_notifier,
            )
        })
    }

    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn start_with<C, X>(
        subscriptions: &'a Subscriptions,
        range: Range,
        caller_place: CallerPlace,
        cx: &mut C,
        start_intervals: impl FnOnce(&Snapshot, &Range, u64, CallerPlace, &mut C) -> Result<usize, X>,
        start_notifier: impl Fn(&dyn Notifier, &Range, &mut C) -> Result<(), X>,
    ) -> Result<Self, X> {
        let under_way = waits::invalidation();
        let open = OpenInvalidation::new();
        let snapshot = subscriptions.snapshot.read();
        // Read after the snapshot, so that it is not older than the version at which the snapshot was made.
        let version = subscriptions.clock.now();
        // A copy: the compiler reads a value from memory again after other functions have had a reference to it.
        let told = &{ range };
        let mut started_intervals = 0;
        if !snapshot.tree.is_empty() {
            // So that the way of a list alone is laid out straight.
            hint::cold_path();
            started_intervals = start_intervals(&snapshot, told, version, caller_place, cx)?;
        }
        let list_position = start_list(
            &snapshot,
            told,
            version,
            started_intervals,
            caller_place,
            cx,
            start_notifier,
        )?;
        Ok(Self {
            snapshot,
            range,
            version,
            started_intervals,
            list_position,
            caller_place,
            _open: open,
            _under_way: under_way,
        })
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
    /// Calls the end callbacks. If one panics, the others are called all the same. The snapshot is let go after that.
    #[inline]
    fn drop(&mut self) {
        let _ends = waits::ends();
        let Self { version, started_intervals, list_position, caller_place, .. } = *self;
        let snapshot = &*self.snapshot;
        // A copy: where other functions have had no reference to `self`, the compiler keeps all of it in registers.
        let range = &{ self.range };
        if started_intervals == 0 {
            end_list(snapshot, range, version, list_position, caller_place);
        } else {
            hint::cold_path();
            end_both(snapshot, range, version, started_intervals, list_position, caller_place);
        }
    }
}

impl fmt::Debug for Invalidation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { snapshot, range, version, started_intervals, list_position, .. } = self;
        f.debug_struct("Invalidation")
            .field("range", range)
            .field("intervals", started_intervals)
            .field("started", &snapshot.list_at(*version).before(*list_position).count())
            .finish_non_exhaustive()
    }
}

/// Calls the end callbacks of the list.
#[inline]
fn end_list(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    list_position: usize,
    caller_place: CallerPlace,
) {
    let list = snapshot.list_at(version).before(list_position);
    caller_place.non_block(|nb| {
        list.for_each(nb, |notifier, nb| notifier.invalidate_range_end(range, nb));
    });
}

/// Calls the end callbacks of the intervals, and then of the list.
#[inline(never)]
fn end_both(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    started_intervals: usize,
    list_position: usize,
    caller_place: CallerPlace,
) {
    let mut first_panic = FirstPanic::new();
    let mut left = started_intervals;
    // An error ends the iteration: no more end calls are due.
    let _ = snapshot.intervals_at(range, version).try_for_each(|subscriber| {
        if left == 0 {
            return Err(());
        }
        left -= 1;
        subscriber.interval.invalidate_seq.end();
        let end = |nb: &mut NonBlock| subscriber.notifier.invalidate_interval_end(range, nb);
        first_panic.catch(|| caller_place.non_block(end));
        Ok(())
    });
    first_panic.catch(|| end_list(snapshot, range, version, list_position, caller_place));
    first_panic.resume();
}

/// Notes how far the start calls have come. Dropped by a refusal or a panic, it calls the end callbacks of the drivers that
/// started.
struct Rollback<'a> {
    snapshot: &'a Snapshot,
    range: &'a Range,
    version: u64,
    started_intervals: Cell<usize>,
    list_position: Cell<usize>,
    caller_place: CallerPlace,
}

impl Drop for Rollback<'_> {
    #[inline]
    fn drop(&mut self) {
        let Self {
            snapshot,
            range,
            version,
            ref started_intervals,
            ref list_position,
            caller_place,
        } = *self;
        roll_back(
            snapshot,
            range,
            version,
            started_intervals.get(),
            list_position.get(),
            caller_place,
        );
    }
}

/// Calls the end callbacks of the drivers that started before the refusal or panic.
#[cold]
#[inline(never)]
fn roll_back(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    started_intervals: usize,
    list_position: usize,
    caller_place: CallerPlace,
) {
    end_both(snapshot, range, version, started_intervals, list_position, caller_place);
}

/// Makes both passes over the intervals, for a caller that may sleep, and returns how many there are.
#[inline(never)]
fn start_intervals(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    caller_place: CallerPlace,
    cx: &mut Sleepable,
) -> usize {
    let (started_intervals, list_position) = (Cell::new(0), Cell::new(0));
    let rollback =
        Rollback { snapshot, range, version, started_intervals, list_position, caller_place };
    let intervals = snapshot.intervals_at(range, version);
    // Dropped before the rollback, if a first pass panics: the end calls come after the second passes.
    let mut passes = SecondPasses::new(intervals, range, PassId::of(&rollback), cx);
    let Ok(()) = intervals.try_for_each::<Infallible>(|subscriber| {
        // Counted before the call: see `InvalidateSeq`. A panic counts it as ended.
        let counted = subscriber.interval.invalidate_seq.begin();
        passes.first_pass(subscriber);
        counted.keep();
        rollback.started_intervals.update(|started_intervals| started_intervals + 1);
        Ok(())
    });
    drop(passes);
    let started_intervals = rollback.started_intervals.get();
    mem::forget(rollback);
    started_intervals
}

/// Calls the start callbacks of the intervals in a section, up to the first that refuses. Returns how many succeeded.
#[inline(never)]
fn start_intervals_nonblock(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    caller_place: CallerPlace,
    nb: &mut NonBlock,
) -> Result<usize, WouldBlock> {
    let (started_intervals, list_position) = (Cell::new(0), Cell::new(0));
    let rollback =
        Rollback { snapshot, range, version, started_intervals, list_position, caller_place };
    snapshot.intervals_at(range, version).try_for_each::<WouldBlock>(|subscriber| {
        // Counted before the call, as above. A refusal counts it as ended, too.
        let counted = subscriber.interval.invalidate_seq.begin();
        subscriber.notifier.invalidate_interval_start_nonblock(range, nb)?;
        counted.keep();
        rollback.started_intervals.update(|started_intervals| started_intervals + 1);
        Ok(())
    })?;
    let started_intervals = rollback.started_intervals.get();
    mem::forget(rollback);
    Ok(started_intervals)
}

/// Calls the start callbacks of the list, and returns up to which place they succeeded.
#[inline]
fn start_list<C, X>(
    snapshot: &Snapshot,
    range: &Range,
    version: u64,
    started_intervals: usize,
    caller_place: CallerPlace,
    cx: &mut C,
    start: impl Fn(&dyn Notifier, &Range, &mut C) -> Result<(), X>,
) -> Result<usize, X> {
    let (started_intervals, list_position) = (Cell::new(started_intervals), Cell::new(0));
    let rollback =
        Rollback { snapshot, range, version, started_intervals, list_position, caller_place };
    let start = |notifier: &dyn Notifier| start(notifier, range, cx);
    snapshot.list_at(version).try_for_each(&rollback.list_position, start)?;
    let list_position = rollback.list_position.get();
    mem::forget(rollback);
    Ok(list_position)
}
