//! Moving an mmu notifier over.
//!
//! The guide of the crate `nonblock` moves a driver over in four steps, with a trait for callbacks that it writes by hand.
//! This chapter is for drivers whose callback is an mmu notifier. The traits are there, and so are the callers: the third
//! step is to implement [`Invalidate`](crate::mmu::Invalidate) or
//! [`InvalidateInterval`](crate::mmu::InvalidateInterval).
//!
//! # Which trait
//!
//! | the driver | implement | subscribe by | Linux 6.12 |
//! |---|---|---|---|
//! | mirrors whatever the process has | [`Invalidate`](crate::mmu::Invalidate) | [`subscribe`](crate::mmu::AddressSpace::subscribe) | `struct mmu_notifier_ops` |
//! | mirrors one range, and reads the page table to fill its own | [`InvalidateInterval`](crate::mmu::InvalidateInterval) | [`subscribe_interval`](crate::mmu::AddressSpace::subscribe_interval) | `struct mmu_interval_notifier_ops` |
//! | mirrors one range, and has to wait for its device | [`InvalidateTwoPass`](crate::mmu::InvalidateTwoPass) | [`subscribe_two_pass`](crate::mmu::AddressSpace::subscribe_two_pass) | the same, with two passes (7.1) |
//! | does quite different things for the two callers | [`Notifier`](crate::mmu::Notifier), [`IntervalNotifier`](crate::mmu::IntervalNotifier) | the same | |
//!
//! The first three are generic over [`Context`](nonblock::Context): one callback serves the caller that may sleep and the
//! caller that must not. A blanket `impl` makes the first two the last two, which are object-safe and have an entry for each
//! caller.
//!
//! # What becomes of Linux's code
//!
//! | Linux 6.12 | here |
//! |---|---|
//! | `mmu_notifier_range_blockable(range)` | the type of the context: `cx: &mut C` |
//! | `if (blockable) mutex_lock(l); else if (!mutex_trylock(l)) return -EAGAIN;` | `let guard = l.acquire(cx)?;` |
//! | `if (!blockable) return -EAGAIN;` before something is waited for | `cx.or_refuse()?` in the call that waits |
//! | `return -EAGAIN` to every caller | does not compile |
//! | `mmu_interval_set_seq(sub, seq)` in the callback | gone: the address space counts before it calls |
//! | `mmu_interval_read_begin()`, `mmu_interval_read_retry()` | [`read_begin`](crate::mmu::IntervalSubscription::read_begin), [`read_retry`](crate::mmu::IntervalSubscription::read_retry) |
//! | `invalidate_start`, with `*finish = &mine->finish` (7.1) | [`invalidate_start`](crate::mmu::InvalidateTwoPass::invalidate_start), with `Ok(Some(Finish::new(operation, cx.or_refuse()?)))` |
//! | `invalidate_finish` (7.1) | [`invalidate_finish`](crate::mmu::InvalidateTwoPass::invalidate_finish), which is given the operation and the token |
//! | `if (mine->finish_inuse)`, and one pass then (7.1) | gone: the address space does it |
//! | `range->event`, `range->owner` | [`Range::event`](crate::mmu::Range::event), [`Event`](crate::mmu::Event) |
//! | `mmu_notifier_put()`, `mmu_notifier_unregister()` | the drop of the [`Subscription`](crate::mmu::Subscription), or [`unsubscribe`](crate::mmu::Subscription::unsubscribe), which waits for running callbacks |
//!
//! # An example
//!
//! The card works on the memory that it mirrors. It must finish before the memory is taken from the process.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicBool, Ordering};
//! use std::time::Duration;
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, Sleepable, WouldBlock, may_sleep};
//! use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range};
//!
//! /// The end of the work that a card has in flight.
//! #[derive(Default)]
//! pub struct Fence {
//!     busy: AtomicBool,
//! }
//!
//! impl Fence {
//!     pub fn is_busy(&self) -> bool {
//!         self.busy.load(Ordering::Acquire)
//!     }
//!
//!     #[may_sleep]
//!     pub fn wait(&self, cx: &mut Sleepable) {
//!         if self.is_busy() {
//!             nonblock::thread::sleep(cx, Duration::from_millis(1)); // until the card is done
//!             self.busy.store(false, Ordering::Release);
//!         }
//!     }
//! }
//!
//! #[derive(Default)]
//! pub struct Card {
//!     fence: Fence,
//!     mapped: Mutex<Vec<Range>>,
//! }
//!
//! impl Card {
//!     #[may_sleep]
//!     pub fn map(&self, range: Range, cx: &mut Sleepable) {
//!         self.mapped.lock(cx).push(range);
//!         self.fence.busy.store(true, Ordering::Release); // the card starts to work on it
//!     }
//! }
//!
//! impl Invalidate for Card {
//!     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//!         if self.fence.is_busy() {
//!             self.fence.wait(cx.or_refuse()?); // waits, or refuses
//!         }
//!         let mut mapped = self.mapped.acquire(cx)?; // waits, or refuses
//!         mapped.retain(|mapped| !mapped.overlaps(range));
//!         Ok(())
//!     }
//! }
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 8 * 4096).unwrap();
//! let card = Arc::new(Card::default());
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(card.clone(), cx).unwrap();
//!
//!     // A reaper is refused while the card is at work, and comes back.
//!     card.map(range, cx);
//!     let refused = space.try_invalidate(range, Event::Unmap, cx);
//!     assert_eq!(refused.err(), Some(WouldBlock));
//!     card.fence.wait(cx);
//!     assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
//!
//!     // The process itself may wait, and cannot be refused.
//!     card.map(range, cx);
//!     let invalidation = space.invalidate(range, Event::Unmap, cx);
//!     assert!(card.mapped.lock(cx).is_empty());
//!     drop(invalidation); // the memory has been unmapped: the drivers get their end call
//!     subscription.unsubscribe(cx);
//! });
//! ```
//!
//! Refuse before you change anything, or make sure that the call can be made again: the driver that refused gets no end
//! call, and the reaper comes back for the same range.
//!
//! # When a section is not enough
//!
//! A driver that always has to wait is refused for ever, and the reaper gives its memory up. Linux's i915 waited for
//! `gntdev` and `gntdev` for pages that i915 used, until `gntdev` stopped waiting in its callback (5.19). What helps:
//!
//! * The device can be told to stop without being waited for. Tell it in the callback, and let the next thread that maps wait.
//!   Or tell it and refuse: the caller comes back, and the device has stopped by then. `drivers/xe_userptr` does this.
//! * The callback changes plain data under a [`SpinLock`](nonblock::sync::SpinLock), and leaves the rest to a
//!   `nonblock::work::Queue` (feature `work` of `nonblock`).
//! * The device's page table is filled on demand. The collision-retry protocol is for this: see
//!   [mirror a range](super::recipes#mirror-a-range).
//!
//! # Old drivers beside new ones
//!
//! A driver whose code says nothing of contexts is put behind a [`Notifier`](crate::mmu::Notifier) as it is. Both entries
//! call it. It then needs one line, [`might_sleep`](nonblock::might_sleep) in what it waits on, and the counters find it when
//! the reaper's entry is called. The repository's `drivers/legacy` is such a driver.
//!
//! # Refusing a caller that may sleep
//!
//! It happened to Linux. The commit 93065ac753e4 ("mm, oom: distinguish blockable mode for mmu notifiers") brought the
//! question whether a caller may block. In it `gntdev`'s callback answered `-EAGAIN` to every caller
//! (`mn_invl_range_start()`, `drivers/xen/gntdev.c`). A later commit mended it. Here the mistake does not compile
//! (`ui/drivers/gntdev_refuses_whoever_calls.rs` makes it in the driver of `drivers/gntdev/`):
//!
//! ```compile_fail,E0308
//! # use nonblock::{Context, WouldBlock};
//! # use nonblock_mm::mmu::{Invalidate, Range};
//! # struct Grants { busy: bool }
//! impl Invalidate for Grants {
//!     fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
//!         if self.busy {
//!             return Err(WouldBlock); // expected `C::Refusal`
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! rustc proposes to constrain `Refusal` to `WouldBlock`. That would keep out every caller that may sleep. Write
//! `acquire(cx)?` or `cx.or_refuse()?` instead.
//!
//! # Drivers to read
//!
//! The repository's `drivers/` are modelled after Linux's:
//!
//! | driver | shows |
//! |---|---|
//! | `userptr` | a GPU's shadow page table: a whole driver, with both kinds of caller |
//! | `gntdev` | a callback that has to wait for a hypervisor, and refuses instead |
//! | `mmu_rb` | a callback that refuses only when its queue is full: plain data under a spin lock, the rest is put off |
//! | `umem_odp` | page faults of a device, by the collision-retry protocol |
//! | `xe_userptr` | two passes: several devices flush their TLBs at the same time; page faults that get their turn |
//! | `kvm` | a guest's page table, with pages set aside, `young` queries and flushes |
//! | `legacy` | a driver that knows nothing of contexts, found by the counters |
