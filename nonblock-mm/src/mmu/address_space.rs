//! The address space: drivers subscribe to it, and it calls them before its memory changes.

use core::cell::Cell;
use core::convert::Infallible;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use nonblock::rcu::{Entry, GracePeriod, ends_are_deferred};
use nonblock::thread::Backoff;
use nonblock::unwind::FirstPanic;
use nonblock::{Context, NonBlock, Sleepable, WouldBlock, might_sleep};

use super::caller_place::CallerPlace;
use super::driver_callbacks::Notifier;
use super::event::Event;
use super::interval::Interval;
use super::interval_driver_callbacks::IntervalNotifier;
use super::interval_subscription::IntervalSubscription;
use super::interval_tree::{LeafEntry, Subscriber};
use super::invalidation::Invalidation;
use super::open_on_this_thread::OpenInvalidation;
use super::pass_id::PassId;
use super::range::Range;
use super::reader_turn::wait_for_readers;
use super::released::Released;
use super::second_passes::SecondPasses;
use super::subscription::Subscription;
use super::subscriptions::{Collect, Subscriptions};
use super::subscriptions_snapshot::{Phase, Removed, Snapshot};
use super::two_pass::{InvalidateTwoPass, TwoPass};
use super::waits;

/// The memory of a process as its drivers see it: the list of [`Notifier`]s that mirror it, and the calls to them.
///
/// It has no pages. `memory::Mm` (feature `oom`) joins an address space to real mappings.
///
/// Mirrors the part of Linux's `struct mm_struct` that is `struct mmu_notifier_subscriptions` (`mm/mmu_notifier.c`, 6.12).
///
/// # Context
///
/// [`invalidate`](AddressSpace::invalidate) may sleep. [`try_invalidate`](AddressSpace::try_invalidate) does not sleep, takes
/// no lock and allocates nothing. Changes of the list may sleep, and hold up no invalidation.
///
/// Dropping the address space drops the subscribed drivers and calls no callback. Drop it where the drivers' own drops may
/// run.
///
/// # Memory
///
/// Linear in the subscriptions, and in the changes made since the oldest invalidation that is still open. What is dropped in a
/// section is freed by the next change or [`synchronize`](AddressSpace::synchronize).
///
/// # Examples
///
/// See the [module](super).
#[derive(Debug)]
pub struct AddressSpace {
    pub(super) subscriptions: Arc<Subscriptions>,
}

impl Default for AddressSpace {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl AddressSpace {
    /// Makes an address space without drivers.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn new() -> Self {
        Self { subscriptions: Arc::new(Subscriptions::new()) }
    }

    /// Subscribes a notifier: it is told of every invalidation that begins from now on.
    ///
    /// An invalidation that is under way goes on without it. The same notifier can be subscribed several times, and is then
    /// called once for each subscription. Mirrors Linux's `mmu_notifier_register()` (`mm/mmu_notifier.c`, 6.12).
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
        self.subscriptions.add(add, Collect::IfMany, cx)
    }

    /// Subscribes an interval: its notifier is told of every invalidation that meets it and begins from now on.
    ///
    /// An invalidation that is under way goes on without it, and [`read_begin`](IntervalSubscription::read_begin) waits for
    /// that invalidation. One notifier can have any number of intervals, which may overlap. Mirrors Linux's
    /// `mmu_interval_notifier_insert()` (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `range`: what the driver mirrors. Its event and owner are ignored.
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
        /// For all address spaces, so that the sequence numbers of two intervals are never confused.
        static NEXT: AtomicU64 = AtomicU64::new(0);

        let interval = Interval::new(range, NEXT.fetch_add(1, Ordering::Relaxed));
        let entry = LeafEntry::new(Arc::clone(&interval), notifier);
        let add = |snapshot: &mut Snapshot, before: GracePeriod| {
            snapshot.tree = snapshot.tree.with(entry);
            IntervalSubscription::new(&self.subscriptions, interval, before)
        };
        // Usually no invalidation is under way. Then the grace period before this subscription ends at once.
        self.subscriptions.add(add, Collect::IfQuiet, cx)
    }

    /// Subscribes an interval whose driver has two passes: one begins an operation of the device, the other waits for it.
    ///
    /// All else is as for [`subscribe_interval`](Self::subscribe_interval).
    ///
    /// # Context
    ///
    /// As for [`subscribe_interval`](Self::subscribe_interval).
    ///
    /// # Errors
    ///
    /// [`Released`] after [`release`](AddressSpace::release).
    ///
    /// # Examples
    ///
    /// See [`InvalidateTwoPass`].
    #[track_caller]
    pub fn subscribe_two_pass<D>(
        &self,
        range: Range,
        driver: Arc<D>,
        cx: &mut Sleepable,
    ) -> Result<IntervalSubscription, Released>
    where
        D: InvalidateTwoPass + 'static,
    {
        self.subscribe_interval(range, Arc::new(TwoPass::new(driver)), cx)
    }

    /// Takes a range from the devices, and waits for them if need be. It cannot be refused.
    ///
    /// Calls the drivers of the intervals that meet the range, in the order of the intervals' starts, and then
    /// [`invalidate_range_start`](Notifier::invalidate_range_start) of every notifier, in the order of subscription. Of drivers
    /// with [two passes](InvalidateTwoPass), all have begun before any is waited for. Mirrors Linux's
    /// `mmu_notifier_invalidate_range_start()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Arguments
    ///
    /// * `range`: what is about to change.
    /// * `event`: why; callbacks see it as [`Range::event`].
    ///
    /// # Context
    ///
    /// May sleep, and so may the callbacks. Hold no lock that a callback takes. If a reader has its turn, this waits for it, at most
    /// for about a tenth of a second: see [`mirror`](IntervalSubscription::mirror). So hold no lock that a look-up takes, either, or
    /// both are delayed.
    ///
    /// # Panics
    ///
    /// A panic of a callback passes through, after the drivers that had started got their end call.
    #[track_caller]
    pub fn invalidate(&self, range: Range, event: Event, cx: &mut Sleepable) -> Invalidation<'_> {
        might_sleep();
        wait_for_readers(&self.subscriptions, &range, cx);
        let _callbacks = waits::call();
        Invalidation::start(&self.subscriptions, range.with_event(event), cx)
    }

    /// Takes a range from the devices if none of them has to wait for it.
    ///
    /// Calls [`invalidate_range_start_nonblock`](Notifier::invalidate_range_start_nonblock) of every notifier, in the order of
    /// subscription, in a section around the callbacks only. So a caller that may sleep can unmap outside the section, as the
    /// OOM reaper does. It stops at the first refusal. Then the drivers that had started get their end call, and no other.
    ///
    /// Mirrors Linux's `mmu_notifier_invalidate_range_start_nonblock()` (`include/linux/mmu_notifier.h`, 6.12). In Linux too,
    /// a caller that may sleep can call it, and can be refused.
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
    /// [`WouldBlock`] if a notifier refused: leave the range alone, and try again later.
    ///
    /// # Panics
    ///
    /// A panic of a callback passes through, after the drivers that had started got their end call.
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

    /// Tells the drivers that the processor has flushed its translations of the range.
    ///
    /// For devices that walk the process's own page table and cache what they find. Calls
    /// [`arch_invalidate_secondary_tlbs`](Notifier::arch_invalidate_secondary_tlbs) of every [`Notifier`], in the order of
    /// subscription. Intervals have no such callback, as in Linux. Mirrors Linux's
    /// `mmu_notifier_arch_invalidate_secondary_tlbs()` (`include/linux/mmu_notifier.h`, 6.12).
    ///
    /// # Context
    ///
    /// Does not sleep, takes no lock, and neither allocates nor frees. The callbacks run in a section.
    #[track_caller]
    pub fn arch_invalidate_secondary_tlbs<C: Context>(&self, range: &Range, cx: &mut C) {
        self.any_notifier(cx, |notifier, nb| {
            notifier.arch_invalidate_secondary_tlbs(range, nb);
            false
        });
    }

    /// Tells the drivers that the process is gone, and unsubscribes them all.
    ///
    /// Takes everything from the drivers of intervals, with [`Event::Release`], in two passes as
    /// [`invalidate`](AddressSpace::invalidate) does. Then calls [`release`](Notifier::release) of every subscribed notifier
    /// once, in the order of subscription, and waits for the invalidations that may still call one. From then on, no driver can subscribe. A second call does nothing, but waits
    /// for the first if that is under way on another thread. Mirrors Linux's `__mmu_notifier_release()`
    /// (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, and so may the callbacks. On a thread that has an invalidation open, as in a callback, it does not wait.
    ///
    /// # Panics
    ///
    /// The first panic of a callback passes through, after all callbacks were called.
    #[track_caller]
    pub fn release(&self, cx: &mut Sleepable) {
        let snapshot = &self.subscriptions.snapshot;
        let mut writer = snapshot.write(cx);
        if writer.current().phase != Phase::Live {
            drop(writer);
            return self.wait_for_release(cx);
        }
        let (now, removed) = self.subscriptions.clock.take_notes();
        let mut releasing = writer.current().without_removed(now, removed, false);
        releasing.phase = Phase::Releasing;
        writer.publish(releasing);
        // The release comes to its end even if a driver panics: other threads may wait for it.
        let mut first_panic = FirstPanic::new();
        first_panic.catch(|| writer.collect(cx));

        self.call_release(&mut first_panic, cx);

        let mut writer = snapshot.write(cx);
        writer.publish(Snapshot::empty(Phase::Released));
        // From now on the end of a subscription has nothing to take off.
        drop(self.subscriptions.clock.replace_notes(Removed::closed()));
        let period = writer.grace_period();
        first_panic.catch(|| writer.collect(cx));
        self.subscriptions.synchronize_since(period, &mut first_panic, cx);
        first_panic.resume();
    }

    /// Calls every notifier for the release.
    #[track_caller]
    fn call_release(&self, first_panic: &mut FirstPanic, cx: &mut Sleepable) {
        // Counted as an invalidation: an unsubscription waits for it, except on this thread.
        let _callbacks = waits::call();
        let _invalidation = waits::invalidation();
        let _open = OpenInvalidation::new();
        let caller_place = CallerPlace::caller();
        let snapshot = self.subscriptions.snapshot.read();
        let version = self.subscriptions.clock.now();

        let whole = &Range::whole().with_event(Event::Release);
        let end = |subscriber: &Subscriber, first_panic: &mut FirstPanic| {
            subscriber.interval.invalidate_seq.end();
            let end = |nb: &mut NonBlock| subscriber.notifier.invalidate_interval_end(whole, nb);
            first_panic.catch(|| caller_place.non_block(end));
        };
        let intervals = snapshot.intervals_at(whole, version);
        let mut passes = SecondPasses::new(intervals, whole, PassId::of(&snapshot), cx);
        let Ok(()) = intervals.try_for_each::<Infallible>(|subscriber| {
            let counted = subscriber.interval.invalidate_seq.begin();
            let started = first_panic.catch(|| passes.first_pass(subscriber));
            if let Some(second_pass_is_due) = started {
                counted.keep();
                if !second_pass_is_due {
                    end(subscriber, first_panic);
                }
            }
            Ok(())
        });
        passes.finish(first_panic, end);
        drop(passes);
        let Ok(()) =
            snapshot.list_at(version).try_for_each::<Infallible>(&Cell::new(0), |notifier| {
                first_panic.catch(|| notifier.release(cx));
                Ok(())
            });
    }

    /// Waits for a release on another thread.
    #[track_caller]
    fn wait_for_release(&self, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        // Within a callback, the release may be that of this thread.
        while !ends_are_deferred() && self.subscriptions.snapshot.read().phase == Phase::Releasing {
            backoff.snooze(cx);
        }
    }

    /// Finishes the unsubscription of dropped subscriptions: takes their drivers off the list, waits for the invalidations
    /// that may still call them, and drops them. It does not wait for a driver that another thread is dropping at the moment.
    ///
    /// Without this call, later changes of the list do that little by little. While an invalidation is open, they take drivers
    /// off when a half of the list was removed. Mirrors Linux's `mmu_notifier_synchronize()`
    /// (`mm/mmu_notifier.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep. On a thread that has an invalidation open, it does not wait.
    #[track_caller]
    pub fn synchronize(&self, cx: &mut Sleepable) {
        self.subscriptions.synchronize(cx);
    }

    /// Returns how many subscriptions there are now, not counting those of intervals.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn subscriptions(&self) -> usize {
        let snapshot = self.subscriptions.snapshot.read();
        snapshot.list_at(self.subscriptions.clock.now()).count()
    }

    /// Returns how many subscribed intervals meet the range now.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn interval_subscriptions(&self, range: &Range) -> usize {
        let snapshot = self.subscriptions.snapshot.read();
        snapshot.intervals_at(range, self.subscriptions.clock.now()).count()
    }

    /// Calls the closure for each notifier of the list in turn, in a section, until it returns `true`. Returns whether it did.
    #[track_caller]
    pub(super) fn any_notifier<C: Context>(
        &self,
        cx: &mut C,
        mut call: impl FnMut(&dyn Notifier, &mut NonBlock) -> bool,
    ) -> bool {
        // As for an invalidation: a callback must not wait for the readers of the snapshot.
        let _open = OpenInvalidation::new();
        let snapshot = self.subscriptions.snapshot.read();
        let live = snapshot.list_at(self.subscriptions.clock.now());
        cx.non_block(|nb| {
            // An error ends the iteration.
            let called =
                live.try_for_each(
                    &Cell::new(0),
                    |notifier| {
                        if call(notifier, nb) { Err(()) } else { Ok(()) }
                    },
                );
            called.is_err()
        })
    }
}
