//! Recipes: short programs for what a driver, or an owner of memory, does most.
//!
//! | to do this | recipe |
//! |---|---|
//! | be told before a process's memory changes | [an example](super::moving_over#an-example) |
//! | fill a page table on demand, and never keep a stale page | [Mirror a range](#mirror-a-range) |
//! | test that a callback refuses, and leaves nothing half done | [Test a driver](#test-a-driver) |
//! | take a victim's memory | [Take memory away](#take-memory-away) |
//! | let caches give memory up before a victim is chosen | [Ask before you take](#ask-before-you-take) |
//!
//! # Mirror a range
//!
//! A device with a page table of its own reads the process's page table, and installs what it found. Meanwhile an
//! invalidation may begin. The collision-retry protocol finds this out:
//!
//! 1. [`read_begin`](crate::mmu::IntervalSubscription::read_begin) waits until no invalidation that meets the range is under
//!    way, and returns a [`Seq`](crate::mmu::Seq).
//! 2. Look the page up. Take as long as you need; hold no lock of yours.
//! 3. Take the lock that your callback takes.
//! 4. If [`read_retry`](crate::mmu::IntervalSubscription::read_retry) says `true`, release the lock and begin again. Else
//!    install the page, and release the lock.
//!
//! [`InvalidateInterval`](crate::mmu::InvalidateInterval) has the whole as an example. A fault handler that must not sleep
//! begins by [`try_read_begin`](crate::mmu::IntervalSubscription::try_read_begin), and takes a mutex by
//! [`acquire`](nonblock::sync::Mutex):
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, NonBlock, WouldBlock, non_block};
//! use nonblock_mm::mmu::{AddressSpace, Event, IntervalSubscription, InvalidateInterval, Range};
//!
//! #[derive(Default)]
//! struct Device {
//!     pages: Mutex<BTreeMap<usize, u64>>,
//! }
//!
//! impl InvalidateInterval for Device {
//!     fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//!         self.pages.acquire(cx)?.retain(|page, _| !range.contains(*page));
//!         Ok(())
//!     }
//! }
//!
//! impl Device {
//!     /// Called by the device's interrupt. A refused fault is tried again by a thread.
//!     #[non_block]
//!     fn fault(
//!         &self, page: usize, frame: u64, subscription: &IntervalSubscription, nb: &mut NonBlock,
//!     ) -> Result<(), WouldBlock> {
//!         let seq = subscription.try_read_begin().ok_or(WouldBlock)?;
//!         // ... the page table is read here, and says `frame` ...
//!         let mut pages = self.pages.acquire(nb)?;
//!         if subscription.read_retry(seq) {
//!             return Err(WouldBlock);
//!         }
//!         pages.insert(page, frame); // allocates: a real driver sets its tables aside
//!         Ok(())
//!     }
//! }
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 16 * 4096).unwrap();
//! let device = Arc::new(Device::default());
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe_interval(range, device.clone(), cx).unwrap();
//!     let page = range.start();
//!     assert_eq!(cx.non_block(|nb| device.fault(page, 7, &subscription, nb)), Ok(()));
//!
//!     let invalidation = space.invalidate(range, Event::Unmap, cx);
//!     assert!(device.pages.lock(cx).is_empty());
//!     let refused = cx.non_block(|nb| device.fault(page, 7, &subscription, nb));
//!     assert_eq!(refused, Err(WouldBlock)); // the page is about to go
//!     drop(invalidation);
//!     subscription.unsubscribe(cx);
//! });
//! ```
//!
//! # Test a driver
//!
//! A test plays the reaper: it calls [`try_invalidate`](crate::mmu::AddressSpace::try_invalidate) while it holds what the
//! callback needs. It then looks that the driver refused, and that the same range can be taken later. Under
//! [`#[nonblock::test]`](macro@nonblock::test) the test also fails if the callback broke a rule.
//!
//! ```
//! # use std::sync::Arc;
//! # use nonblock::sync::Mutex;
//! # use nonblock::{Context, Sleepable, WouldBlock};
//! # use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range};
//! # #[derive(Default)]
//! # struct Card { mapped: Mutex<Vec<Range>> }
//! # impl Invalidate for Card {
//! #     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//! #         self.mapped.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
//! #         Ok(())
//! #     }
//! # }
//! // with `#[nonblock::test]`
//! fn a_busy_card_refuses_and_keeps_its_mappings(cx: &mut Sleepable) {
//!     let space = AddressSpace::new();
//!     let range = Range::with_len(0x10_0000, 4096).unwrap();
//!     let card = Arc::new(Card { mapped: Mutex::new(vec![range]) });
//!     let _subscription = space.subscribe(card.clone(), cx).unwrap();
//!
//!     let held = card.mapped.lock(cx);
//!     let refused = space.try_invalidate(range, Event::Unmap, cx);
//!     assert_eq!(refused.err(), Some(WouldBlock));
//!     assert_eq!(held.len(), 1);
//!     drop(held);
//!
//!     assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
//!     assert!(card.mapped.lock(cx).is_empty());
//! }
//! # nonblock::testing::run(|| nonblock::sleepable(a_busy_card_refuses_and_keeps_its_mappings));
//! ```
//!
//! # Take memory away
//!
//! With the feature `oom`, on Linux, a `memory::Mm` owns real memory and tells its drivers. An `oom::Reaper` takes it: it
//! tries, is refused where a driver would have to wait, and comes back.
//!
//! ```
//! # #[cfg(all(feature = "oom", target_os = "linux"))] {
//! use std::sync::Arc;
//! use std::time::Duration;
//! use nonblock_mm::memory::Mm;
//! use nonblock_mm::oom::Reaper;
//! # use nonblock::sync::Mutex;
//! # use nonblock::Context;
//! # use nonblock_mm::mmu::{Invalidate, Range};
//! # #[derive(Default)]
//! # struct Card { mapped: Mutex<Vec<Range>> }
//! # impl Invalidate for Card {
//! #     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//! #         self.mapped.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
//! #         Ok(())
//! #     }
//! # }
//!
//! let reaper = Reaper::builder().interval(Duration::from_millis(5)).spawn()?;
//! let victim = Arc::new(Mm::named("browser"));
//! nonblock::sleepable(|cx| {
//!     let card = Arc::new(Card::default());
//!     let _subscription = victim.space().subscribe(card.clone(), cx)?;
//!     let range = victim.map(1 << 20, cx)?;
//!     victim.touch(&range, cx)?;
//!     card.mapped.lock(cx).push(range);
//!
//!     let reaped = reaper.reap(Arc::clone(&victim)).wait(cx);
//!     assert!(reaped.is_complete());
//!     assert!(card.mapped.lock(cx).is_empty());
//!     reaper.shutdown(cx);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Ask before you take
//!
//! Linux calls a blocking notifier chain before it chooses a victim (`oom_notify_list` in `out_of_memory()`,
//! `mm/oom_kill.c`, 6.12). The owners of caches give up what they can, and if that was enough nothing is killed. An
//! `oom::Killer` does the same with a [`BlockingChain`](nonblock::notifier::BlockingChain): the chain stands beside the mmu
//! notifiers. It asks for memory, and may sleep. They are told that memory goes, and must not.
//!
//! ```
//! # #[cfg(all(feature = "oom", target_os = "linux"))] {
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//! use nonblock::Sleepable;
//! use nonblock::notifier::{Answer, BlockingChain};
//! use nonblock::sync::{Completion, Mutex};
//! use nonblock_mm::memory::Mm;
//! use nonblock_mm::oom::{Killer, Reaper};
//!
//! static CHOSEN: Completion = Completion::new();
//!
//! let shrink = Arc::new(BlockingChain::<AtomicUsize>::new());
//! let thumbnails = Arc::new(Mutex::new(vec![0_u8; 4096]));
//! let _registration = nonblock::sleepable(|cx| {
//!     let thumbnails = Arc::clone(&thumbnails);
//!     shrink.register_fn(move |freed: &AtomicUsize, cx: &mut Sleepable| {
//!         let given_up = std::mem::take(&mut *thumbnails.lock(cx)); // a chain's callback may wait
//!         freed.fetch_add(given_up.len(), Ordering::Relaxed);
//!         Answer::Continue
//!     }, 0, cx)
//! });
//!
//! let reaper = Arc::new(Reaper::builder().spawn()?);
//! let victim = Arc::new(Mm::named("browser"));
//! let killer = Killer::manual(reaper, move |_cause, cx| {
//!     let freed = AtomicUsize::new(0);
//!     let _outcome = shrink.call(&freed, cx);
//!     let enough = freed.into_inner() > 0;
//!     CHOSEN.complete();
//!     if enough { Vec::new() } else { vec![Arc::clone(&victim)] }
//! })?;
//!
//! nonblock::sleepable(|cx| {
//!     killer.trigger(); // or `Killer::on_pressure`: the kernel tells when memory is short
//!     CHOSEN.wait(cx);
//!     assert!(thumbnails.lock(cx).is_empty());
//!     killer.shutdown(cx);
//! });
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
