//! The address space: who is told of its changes, and how they are told.

use core::cell::Cell;
use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use super::directory::{Directory, Dropped, Phase};
use super::event::Event;
use super::interval::{Interval, IntervalNotifier};
use super::interval_subscription::IntervalSubscription;
use super::invalidation::Invalidation;
use super::notifier::Notifier;
use super::range::Range;
use super::subscription::Subscription;
use super::tree::Leaf;
use crate::check::might_sleep;
use crate::context::{Context, WouldBlock};
use crate::rcu::{
    Backoff, Clock, Entry, Invalidating, Mark, Panics, Rcu, SharedMark, Ticket, ends_are_deferred,
};
use crate::section::{Origin, Section};
use crate::token::{NonBlock, Sleepable};

/// What an address space is made of.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) directory: Rcu<Directory>,
    // Apart, since subscriptions that outlive the space move it on as well.
    pub(super) clock: Arc<Clock<Dropped>>,
}

/// The memory of a process, as far as its mirrors go: a list of [`Notifier`]s, and who calls them.
///
/// It knows no pages. `nonblock::memory::Mm` (feature `oom`) joins one to real mappings.
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
    pub(super) inner: Arc<Inner>,
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
        let directory = Rcu::new(Directory::empty(Phase::Live));
        Self { inner: Arc::new(Inner { directory, clock: Clock::new() }) }
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
        let mark = Mark::shared();
        let add = |directory: &mut Directory, _: Ticket| {
            let entry = Entry::new(notifier, (), Arc::clone(&mark));
            directory.list = directory.list.with(entry, |_| false);
            Subscription::new(&self.inner, mark)
        };
        self.inner.add(add, After::Leave, cx)
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
        let add = |directory: &mut Directory, alone_at: Ticket| {
            directory.tree = directory.tree.with(leaf);
            IntervalSubscription::new(&self.inner, interval, alone_at)
        };
        // Mostly nobody invalidates, and then it is alone at once.
        self.inner.add(add, After::Look, cx)
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
        Invalidation::start(&self.inner, range.with_event(event), cx)
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
        Invalidation::start_nonblock(&self.inner, range.with_event(event), cx)
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
        let directory = &self.inner.directory;
        let mut write = directory.write(cx);
        if write.current().phase != Phase::Live {
            drop(write);
            return self.wait_for_release(cx);
        }
        let (now, dropped) = self.inner.clock.collect();
        let mut releasing = write.current().without_dropped(now, dropped);
        releasing.phase = Phase::Releasing;
        write.publish(releasing);
        // Whoever panics, it comes to its end: others wait for that.
        let mut panics = Panics::new();
        panics.catch(|| write.finish());

        self.call_release(&mut panics, cx);

        let mut write = directory.write(cx);
        write.publish(Directory::empty(Phase::Released));
        let ticket = write.ticket();
        panics.catch(|| write.finish());
        self.inner.wait(ticket, &mut panics, cx);
        panics.resume();
    }

    /// Tells every notifier.
    #[track_caller]
    fn call_release(&self, panics: &mut Panics, cx: &mut Sleepable) {
        // As an invalidation: who unsubscribes waits for it, unless on this thread.
        let _open = Invalidating::count();
        let origin = Origin::caller();
        let directory = self.inner.directory.read();
        let began = self.inner.clock.now();

        let whole = Range::whole().with_event(Event::Release);
        let Ok(()) = directory.meeting_at(&whole, began).try_each::<Infallible>(|leaf| {
            let counted = leaf.interval.counts.begin();
            let started =
                panics.catch(|| leaf.notifier.invalidate_interval_start(&whole, cx)).is_some();
            drop(counted);
            if started {
                let end = |nb: &mut NonBlock| leaf.notifier.invalidate_interval_end(&whole, nb);
                panics.catch(|| Section::run_from(origin, end));
            }
            Ok(())
        });
        let Ok(()) = directory.list_at(began).try_each::<Infallible>(&Cell::new(0), |notifier| {
            panics.catch(|| notifier.release(cx));
            Ok(())
        });
    }

    /// Waits for a release on another thread.
    #[track_caller]
    fn wait_for_release(&self, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        // From within a callback it might be this thread's own.
        while !ends_are_deferred() && self.inner.directory.read().phase == Phase::Releasing {
            backoff.pause(cx);
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
        self.inner.take_off(|_| false, cx);
    }

    /// Returns how many subscriptions there are now, without those of intervals.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn subscriptions(&self) -> usize {
        let directory = self.inner.directory.read();
        directory.list_at(self.inner.clock.now()).count()
    }

    /// Returns how many subscriptions of intervals there are now that meet the range.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn interval_subscriptions(&self, range: &Range) -> usize {
        let directory = self.inner.directory.read();
        directory.meeting_at(range, self.inner.clock.now()).count()
    }
}

/// What who adds to the directory does with the one before.
#[derive(Clone, Copy)]
enum After {
    /// Leaves it to others.
    Leave,
    /// Looks whether invalidations are left that found it.
    Look,
}

impl Inner {
    /// Adds to the directory.
    ///
    /// The closure is told when those invalidations are over that began before, and returns the subscription. If
    /// something panics that is freed meanwhile, that is dropped, and so ended.
    #[track_caller]
    fn add<S>(
        &self,
        add: impl FnOnce(&mut Directory, Ticket) -> S,
        after: After,
        cx: &mut Sleepable,
    ) -> Result<S, Released> {
        let mut write = self.directory.write(cx);
        if write.current().phase != Phase::Live {
            return Err(Released);
        }
        let (now, dropped) = self.clock.collect();
        let mut directory = write.current().without_dropped(now, dropped);
        let subscription = add(&mut directory, write.ticket());
        write.publish(directory);
        match after {
            After::Leave => write.leave(),
            After::Look => write.finish_if_quiet(),
        }
        Ok(subscription)
    }

    /// Takes off the list whoever is chosen, and whoever was dropped, and waits until nobody calls them.
    #[track_caller]
    pub(super) fn take_off(&self, chosen: impl Fn(&SharedMark) -> bool, cx: &mut Sleepable) {
        let mut write = self.directory.write(cx);
        let (now, dropped) = self.clock.collect();
        let choice = write.current().list.has_any(|entry| chosen(&entry.mark));
        if choice || !dropped.is_empty() {
            let mut directory = write.current().without_dropped(now, dropped);
            if choice {
                directory.list = directory.list.without_dropped(now, |entry| !chosen(&entry.mark));
            }
            write.publish(directory);
        }
        let ticket = write.ticket();
        let mut panics = Panics::new();
        panics.catch(|| write.finish());
        self.wait(ticket, &mut panics, cx);
        panics.resume();
    }

    /// Waits for those who may have found an older directory, unless this thread may be one of them.
    #[track_caller]
    fn wait(&self, ticket: Ticket, panics: &mut Panics, cx: &mut Sleepable) {
        if !ends_are_deferred() {
            self.directory.wait_whatever_panics(ticket, panics, cx);
        }
    }
}

/// The address space was released: nobody can subscribe to it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::mmu::{AddressSpace, Invalidate, Range, Released};
/// # use nonblock::Context;
/// # struct Device;
/// # impl Invalidate for Device {
/// #     fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> { Ok(()) }
/// # }
///
/// let space = AddressSpace::new();
/// nonblock::sleepable(|cx| {
///     space.release(cx);
///     assert_eq!(space.subscribe(Arc::new(Device), cx).err(), Some(Released));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released;

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address space was released: nobody can subscribe to it any more")
    }
}

impl Error for Released {}
