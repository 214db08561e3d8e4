//! The address space: who is told of its changes, and how they are told.

use core::cell::Cell;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use nonblock::rcu::{Entry, GracePeriod, ends_are_deferred};
use nonblock::thread::Backoff;
use nonblock::unwind::FirstPanic;
use nonblock::{Context, NonBlock, Sleepable, WouldBlock, might_sleep};

use super::event::Event;
use super::interval::Interval;
use super::interval_notifier::IntervalNotifier;
use super::interval_subscription::IntervalSubscription;
use super::invalidation::Invalidation;
use super::notifier::Notifier;
use super::open::Open;
use super::origin::Origin;
use super::range::Range;
use super::snapshot::{Phase, Snapshot};
use super::subscription::Subscription;
use super::subscriptions::{After, Released, Subscriptions};
use super::tree::Leaf;

/// The memory of a process as far as its drivers see it: the [`Notifier`]s that mirror it, and the calls to them.
///
/// It knows no pages. `memory::Mm` (feature `oom`) joins one to real mappings.
///
/// Mirrors the part of Linux's `struct mm_struct` that is `struct mmu_notifier_subscriptions` (`mm/mmu_notifier.c`, 6.12).
///
/// # Context
///
/// [`invalidate`](AddressSpace::invalidate) may sleep, [`try_invalidate`](AddressSpace::try_invalidate) does not: it takes no lock and
/// allocates nothing. Changes of the list may sleep, and stop no invalidation.
///
/// Dropping the space drops what is subscribed to it, and calls no callback. Do so where the drivers'
/// own drops may run.
///
/// # Examples
///
/// See the [module](super).
#[derive(Debug)]
pub struct AddressSpace {
    pub(super) subscriptions: Arc<Subscriptions>,
}

impl Default for AddressSpace {
    fn default() -> Self {
        Self::new()
    }
}

impl AddressSpace {
    /// Makes an address space that nobody mirrors.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn new() -> Self {
        Self { subscriptions: Arc::new(Subscriptions::new()) }
    }

    /// Subscribes a notifier: it is told of every invalidation that begins from now on.
    ///
    /// An invalidation that is under way goes on without it. The same notifier can be subscribed more than once, and is called
    /// as often. Mirrors Linux's `mmu_notifier_register()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, but waits for no callback; a callback that may sleep can call it. Drivers whose subscription ended
    /// earlier may be dropped here.
    ///
    /// # Errors
    ///
    /// [`Released`] after [`release`](AddressSpace::release).
    #[track_caller]
    pub fn subscribe(
        &self,
        notifier: Arc<dyn Notifier>,
        cx: &mut Sleepable,
    ) -> Result<Subscription, Released> {
        let add = |snapshot: &mut Snapshot, _: GracePeriod| {
            let entry = Entry::new(notifier, ());
            let tombstone = entry.tombstone().clone();
            snapshot.list = snapshot.list.with(entry, |_| false);
            Subscription::new(&self.subscriptions, tombstone)
        };
        self.subscriptions.add(add, After::Leave, cx)
    }

    /// Subscribes an interval: its notifier is told of every invalidation that meets it and begins from now on.
    ///
    /// An invalidation that is under way goes on without it; [`read_begin`](IntervalSubscription::read_begin) waits for that.
    /// One notifier can have any number of intervals, which may overlap. Mirrors Linux's `mmu_interval_notifier_insert()`
    /// (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `range`: what the driver mirrors. Its event and owner are not looked at.
    ///
    /// # Context
    ///
    /// May sleep, but waits for no callback; a callback that may sleep can call it. It takes time logarithmic in
    /// the number of intervals. Drivers whose subscription ended earlier may be dropped here.
    ///
    /// # Errors
    ///
    /// [`Released`] after [`release`](AddressSpace::release).
    ///
    /// # Examples
    ///
    /// See [`InvalidateInterval`](super::InvalidateInterval).
    #[track_caller]
    pub fn subscribe_interval(
        &self,
        range: Range,
        notifier: Arc<dyn IntervalNotifier>,
        cx: &mut Sleepable,
    ) -> Result<IntervalSubscription, Released> {
        /// Of whatever address space, so that a sequence number is never taken for that of another.
        static NEXT: AtomicU64 = AtomicU64::new(0);

        let interval = Interval::new(range, NEXT.fetch_add(1, Ordering::Relaxed));
        let leaf = Leaf::new(Arc::clone(&interval), notifier);
        let add = |snapshot: &mut Snapshot, before: GracePeriod| {
            snapshot.tree = snapshot.tree.with(leaf);
            IntervalSubscription::new(&self.subscriptions, interval, before)
        };
        // Mostly nobody invalidates, and then the time before it ends at once.
        self.subscriptions.add(add, After::Look, cx)
    }

    /// Takes a range from the devices, waiting for them. It cannot be refused.
    ///
    /// Calls [`invalidate_range_start`](Notifier::invalidate_range_start) of every notifier, in the order of subscription.
    /// Mirrors Linux's `mmu_notifier_invalidate_range_start()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `range`: what is about to change.
    /// * `event`: why; callbacks see it as [`Range::event`].
    ///
    /// # Context
    ///
    /// May sleep, and the callbacks too. Hold no lock that a callback takes.
    ///
    /// # Panics
    ///
    /// A panic of a callback's passes through, after those that had started got their end.
    #[track_caller]
    pub fn invalidate(&self, range: Range, event: Event, cx: &mut Sleepable) -> Invalidation<'_> {
        might_sleep();
        Invalidation::start(&self.subscriptions, range.with_event(event), cx)
    }

    /// Takes a range from the devices if none of them has to wait for it.
    ///
    /// Calls [`invalidate_range_start_nonblock`](Notifier::invalidate_range_start_nonblock) of every notifier, in the order of
    /// subscription, in a section that it opens around the callbacks. The caller is left free: one that may sleep
    /// may go on to unmap outside the section, as the OOM reaper does. At the first refusal it stops, and those that had started
    /// get their end, nobody else.
    ///
    /// Mirrors Linux's `mmu_notifier_invalidate_range_start_nonblock()` (`include/linux/mmu_notifier.h`, 6.12), which a caller that may
    /// sleep calls as well, and is refused by.
    ///
    /// # Arguments
    ///
    /// * `range`: what is about to change.
    /// * `event`: why; callbacks see it as [`Range::event`].
    /// * `cx`: either token.
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] if a notifier refused: leave the range alone, and come back for it.
    ///
    /// # Panics
    ///
    /// A panic of a callback's passes through, after those that had started got their end.
    #[inline]
    #[track_caller]
    pub fn try_invalidate<C: Context>(
        &self,
        range: Range,
        event: Event,
        cx: &mut C,
    ) -> Result<Invalidation<'_>, WouldBlock> {
        Invalidation::start_nonblock(&self.subscriptions, range.with_event(event), cx)
    }

    /// Tells the drivers that the process is gone, and unsubscribes them all.
    ///
    /// Calls [`release`](Notifier::release) of every notifier that is subscribed, once, in the order of subscription, and waits for
    /// the invalidations that may still call one. Nobody can subscribe from then on. A second call does
    /// nothing; while the first is under way on another thread, it waits for it. Mirrors Linux's
    /// `__mmu_notifier_release()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, and the callbacks too. Called by a thread that has an invalidation open, from a callback above
    /// all, it does not wait.
    ///
    /// # Panics
    ///
    /// The first panic of a callback's passes through, after all were called.
    #[track_caller]
    pub fn release(&self, cx: &mut Sleepable) {
        let snapshot = &self.subscriptions.snapshot;
        let mut writer = snapshot.write(cx);
        if writer.current().phase != Phase::Live {
            drop(writer);
            return self.wait_for_release(cx);
        }
        let (now, removed) = self.subscriptions.clock.take_notes();
        let mut releasing = writer.current().without_removed(now, removed);
        releasing.phase = Phase::Releasing;
        writer.publish(releasing);
        // Whatever panics, the release comes to its end: other threads may wait for that.
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect());

        self.call_release(&mut first_panic, cx);

        let mut writer = snapshot.write(cx);
        writer.publish(Snapshot::empty(Phase::Released));
        let period = writer.grace_period();
        first_panic.catch(|| writer.collect());
        self.subscriptions.synchronize_since(period, &mut first_panic, cx);
        first_panic.resume();
    }

    /// Tells every notifier.
    #[track_caller]
    fn call_release(&self, first_panic: &mut FirstPanic, cx: &mut Sleepable) {
        // As an invalidation: an unsubscription waits for it, unless it is made on this thread.
        let _open = Open::count();
        let origin = Origin::caller();
        let snapshot = self.subscriptions.snapshot.read();
        let began = self.subscriptions.clock.now();

        let whole = Range::whole().with_event(Event::Release);
        let Ok(()) = snapshot.meeting_at(&whole, began).try_for_each::<Infallible>(|leaf| {
            let counted = leaf.interval.invalidate_seq.begin();
            let started =
                first_panic.catch(|| leaf.notifier.invalidate_interval_start(&whole, cx)).is_some();
            drop(counted);
            if started {
                let end = |nb: &mut NonBlock| leaf.notifier.invalidate_interval_end(&whole, nb);
                first_panic.catch(|| origin.non_block(end));
            }
            Ok(())
        });
        let Ok(()) =
            snapshot.list_at(began).try_for_each::<Infallible>(&Cell::new(0), |notifier| {
                first_panic.catch(|| notifier.release(cx));
                Ok(())
            });
    }

    /// Waits for a release on another thread.
    #[track_caller]
    fn wait_for_release(&self, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        // Within a callback it might be the release of this very thread.
        while !ends_are_deferred() && self.subscriptions.snapshot.read().phase == Phase::Releasing {
            backoff.snooze(cx);
        }
    }

    /// Finishes what dropped subscriptions left behind: takes them off the list, waits for the
    /// invalidations that may still call them, and drops the drivers.
    ///
    /// Without it, that happens bit by bit with later changes of the list. Mirrors Linux's `mmu_notifier_synchronize()`
    /// (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep. Called by a thread that has an invalidation open, it does not wait.
    #[track_caller]
    pub fn synchronize(&self, cx: &mut Sleepable) {
        self.subscriptions.take_off(|_| false, cx);
    }

    /// Returns how many subscriptions there are now, without those of intervals.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn subscriptions(&self) -> usize {
        let snapshot = self.subscriptions.snapshot.read();
        snapshot.list_at(self.subscriptions.clock.now()).count()
    }

    /// Returns how many subscriptions of intervals there are now that meet the range.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn interval_subscriptions(&self, range: &Range) -> usize {
        let snapshot = self.subscriptions.snapshot.read();
        snapshot.meeting_at(range, self.subscriptions.clock.now()).count()
    }
}
