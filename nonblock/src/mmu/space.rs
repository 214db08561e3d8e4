//! The address space: who is told of its changes, and how they are told.

use core::error::Error;
use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::backoff::Backoff;
use super::clock::{Clock, Mark};
use super::invalidation::Invalidation;
use super::list::{List, Phase, Slot};
use super::notifier::Notifier;
use super::open::Open;
use super::range::{Event, Range};
use super::rcu::{Rcu, Ticket};
use super::subscription::Subscription;
use crate::check::might_sleep;
use crate::context::{Context, WouldBlock};
use crate::token::Sleepable;

/// What an address space is made of.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) list: Rcu<List>,
    // Apart, since subscriptions that outlive the space move it on as well.
    pub(super) clock: Arc<Clock>,
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
    inner: Arc<Inner>,
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
        let list = Rcu::new(List::empty(Phase::Live));
        Self { inner: Arc::new(Inner { list, clock: Clock::new() }) }
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
        let mark = Mark::new();
        let slot = Slot { notifier, mark: Arc::clone(&mark) };
        let mut write = self.inner.list.write(cx);
        if write.current().phase() != Phase::Live {
            return Err(Released);
        }
        let list = write.current().remade(self.inner.clock.now(), |_| true, Some(slot));
        write.publish(list);
        write.finish();
        Ok(Subscription::new(&self.inner, mark))
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
        let mut invalidation = Invalidation::begin(&self.inner, range.with_event(event));
        invalidation.start(cx);
        invalidation
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
        let mut invalidation = Invalidation::begin(&self.inner, range.with_event(event));
        // On a refusal, dropping the invalidation ends it for those that had started.
        cx.non_block(|nb| invalidation.start_nonblock(nb))?;
        Ok(invalidation)
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
        let list = &self.inner.list;
        let mut write = list.write(cx);
        if write.current().phase() != Phase::Live {
            drop(write);
            return self.wait_for_release(cx);
        }
        let releasing = write.current().remade(self.inner.clock.now(), |_| true, None);
        write.publish(releasing.in_phase(Phase::Releasing));
        write.finish();

        let panic = self.call_release(cx);

        let mut write = list.write(cx);
        write.publish(List::empty(Phase::Released));
        let ticket = write.finish();
        self.inner.wait(ticket, cx);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Calls every notifier's release, and returns the first panic.
    fn call_release(
        &self,
        cx: &mut Sleepable,
    ) -> Option<std::boxed::Box<dyn core::any::Any + Send>> {
        // As an invalidation: who unsubscribes waits for it, unless on this thread.
        let _open = Open::count();
        let list = self.inner.list.read();
        let live = list.live_at(self.inner.clock.now());
        let mut panic = None;
        let mut place = 0;
        while let Some((notifier, behind)) = live.next(place) {
            place = behind;
            if let Err(caught) = catch_unwind(AssertUnwindSafe(|| notifier.release(cx))) {
                panic.get_or_insert(caught);
            }
        }
        panic
    }

    /// Waits for a release on another thread.
    #[track_caller]
    fn wait_for_release(&self, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        // From within a callback it might be this thread's own.
        while !Open::any() && self.inner.list.read().phase() == Phase::Releasing {
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

    /// Returns how many subscriptions there are now.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn subscriptions(&self) -> usize {
        let list = self.inner.list.read();
        list.live_at(self.inner.clock.now()).count()
    }
}

impl Inner {
    /// Takes off the list whoever is chosen, and whoever was dropped, and waits until nobody calls them.
    #[track_caller]
    pub(super) fn take_off(&self, chosen: impl Fn(&Slot) -> bool, cx: &mut Sleepable) {
        let mut write = self.list.write(cx);
        let now = self.clock.now();
        if write.current().has_any(now, &chosen) {
            let list = write.current().remade(now, |slot| !chosen(slot), None);
            write.publish(list);
        }
        let ticket = write.finish();
        self.wait(ticket, cx);
    }

    /// Waits for those who may have found an older list, unless this thread may be one of them.
    #[track_caller]
    fn wait(&self, ticket: Ticket, cx: &mut Sleepable) {
        if !Open::any() {
            self.list.wait(ticket, cx);
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
