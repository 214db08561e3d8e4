//! Recipes: short programs for what a driver, or an owner of memory, does most.
//!
//! | to do this | recipe |
//! |---|---|
//! | be told before a process's memory changes | [an example](super::moving_over#an-example) |
//! | fill a page table on demand, and never keep a stale page | [Mirror a range](#mirror-a-range) |
//! | get a page fault through, however often the memory changes | [Get one's turn](#get-ones-turn) |
//! | have several devices stop at the same time | [Wait for several devices](#wait-for-several-devices) |
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
//! # Get one's turn
//!
//! The loop around `read_begin` and `read_retry` has no end if each time an invalidation comes first.
//! [`mirror`](crate::mmu::IntervalSubscription::mirror) is the same loop with a limit. When it was overtaken so many times, later
//! invalidations of the interval wait until it is through. Those of the reaper do not.
//!
//! ```
//! # use std::collections::BTreeMap;
//! # use std::sync::Arc;
//! # use nonblock::sync::Mutex;
//! # use nonblock::{Context, Sleepable};
//! # use nonblock_mm::mmu::{AddressSpace, IntervalSubscription, InvalidateInterval, Range};
//! # #[derive(Default)]
//! # struct Device { pages: Mutex<BTreeMap<usize, u64>> }
//! # impl InvalidateInterval for Device {
//! #     fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//! #         self.pages.acquire(cx)?.retain(|page, _| !range.contains(*page));
//! #         Ok(())
//! #     }
//! # }
//! # fn look_up(page: usize, _cx: &mut Sleepable) -> u64 { page as u64 }
//! const MAX_OVERTAKEN: u32 = 8;
//!
//! fn fault(device: &Device, page: usize, subscription: &IntervalSubscription, cx: &mut Sleepable) {
//!     subscription.mirror(MAX_OVERTAKEN, cx, |seq, cx| {
//!         let frame = look_up(page, cx); // holds no lock of the driver
//!         let mut pages = device.pages.lock(cx); // the callback's lock
//!         if subscription.read_retry(seq) {
//!             return None; // once more
//!         }
//!         pages.insert(page, frame);
//!         Some(())
//!     });
//! }
//! # let space = AddressSpace::new();
//! # let range = Range::with_len(0x10_0000, 16 * 4096).unwrap();
//! # let device = Arc::new(Device::default());
//! # nonblock::sleepable(|cx| {
//! #     let subscription = space.subscribe_interval(range, device.clone(), cx).unwrap();
//! #     fault(&device, range.start(), &subscription, cx);
//! #     assert_eq!(device.pages.lock(cx).len(), 1);
//! # });
//! ```
//!
//! # Wait for several devices
//!
//! The first pass takes what it can at once, and tells the device to begin. If something is left to wait for, it returns a
//! [`Finish`](crate::mmu::Finish). `cx.or_refuse()?` gives the right to wait, or refuses: a section has no second pass. The address
//! space calls all first passes, and then the second passes.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use nonblock::thread::Backoff;
//! use nonblock::{Context, Sleepable, WouldBlock};
//! use nonblock_mm::mmu::{AddressSpace, Event, Finish, InvalidateTwoPass, Range};
//!
//! /// A device that flushes its TLB when it is asked, and writes the number of the last flush.
//! #[derive(Default)]
//! struct Gpu {
//!     asked: AtomicU64,
//!     flushed: AtomicU64,
//! }
//!
//! impl InvalidateTwoPass for Gpu {
//!     type Operation = u64;
//!
//!     fn invalidate_start<'cx, C: Context>(
//!         &self, _range: &Range, cx: &'cx mut C,
//!     ) -> Result<Option<Finish<'cx, u64>>, C::Refusal> {
//!         let cx = cx.or_refuse()?; // nothing has begun where this refuses
//!         // ... take the range out of the device's page table, under the driver's lock ...
//!         let number = self.asked.fetch_add(1, Ordering::Release) + 1;
//!         Ok(Some(Finish::new(number, cx)))
//!     }
//!
//!     fn invalidate_finish(&self, _range: &Range, number: u64, cx: &mut Sleepable) {
//!         let mut backoff = Backoff::new();
//!         while self.flushed.load(Ordering::Acquire) < number {
//!             backoff.snooze(cx);
//!         }
//!     }
//! }
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 16 * 4096).unwrap();
//! let gpus = [(); 2].map(|()| Arc::new(Gpu::default()));
//! nonblock::sleepable(|cx| {
//!     let _subscriptions =
//!         gpus.each_ref().map(|gpu| space.subscribe_two_pass(range, Arc::clone(gpu), cx).unwrap());
//!     assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
//!
//!     // Devices that flush when both were asked: in one pass this would wait for ever.
//!     let hardware = nonblock::thread::spawn({
//!         let gpus = gpus.clone();
//!         move |cx| {
//!             while gpus.iter().any(|gpu| gpu.asked.load(Ordering::Acquire) == 0) {
//!                 nonblock::thread::yield_now(cx);
//!             }
//!             gpus.iter().for_each(|gpu| gpu.flushed.store(1, Ordering::Release));
//!         }
//!     });
//!     drop(space.invalidate(range, Event::Unmap, cx));
//!     hardware.join(cx).unwrap();
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
