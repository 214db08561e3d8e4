//! Address spaces, and the drivers that mirror them: mmu notifiers.
//!
//! A driver that lets a device reach a process's memory mirrors the process's page table in a table of its own. Before the
//! process's memory changes, every driver that mirrors it is told: an [`AddressSpace`] calls the [`Notifier`]s that are
//! subscribed to it. A caller that may sleep calls [`invalidate`](AddressSpace::invalidate), and cannot be refused. A
//! caller that must not sleep, such as the OOM reaper, calls [`try_invalidate`](AddressSpace::try_invalidate): the
//! callbacks run in a section, and a callback that would have to wait refuses. Both return an [`Invalidation`]. When it is
//! dropped, the drivers are told that the invalidation is over.
//!
//! A driver implements [`Invalidate`] once, for both callers. A driver that mirrors only a range of the address space
//! implements [`InvalidateInterval`]. Its [`IntervalSubscription`] has the collision-retry protocol: the driver reads the
//! page table, and then asks whether an invalidation came in between.
//!
//! # Two passes
//!
//! A driver that has to wait for its device implements [`InvalidateTwoPass`] instead. Its first pass tells the device to begin,
//! and its second pass waits. All first passes come before all second passes, so two devices take the time of one:
//!
//! ```text
//! InvalidateInterval    gpu0  begin ~~~~~~~ wait
//!                       gpu1                     begin ~~~~~~~ wait
//!
//! InvalidateTwoPass     gpu0  begin ~~~~~~~ wait
//!                       gpu1   begin ~~~~~~~ wait
//! ```
//!
//! Only a caller that may sleep has a second pass. The types see to it: see [`Finish`].
//!
//! # Changes while an invalidation is under way
//!
//! When an invalidation begins, it fixes its set of drivers: those that are subscribed at that moment, without those whose
//! subscription has been dropped. It keeps this set from its first start call to its last end call. Later changes take
//! effect for later invalidations only. So each driver gets exactly one end for each start, however invalidations nest and
//! overlap. An interval that is subscribed meanwhile is not told of the invalidations under way. Its first
//! [`read_begin`](IntervalSubscription::read_begin) waits for them instead.
//!
//! # Where this goes further than Linux
//!
//! | Linux 6.12 (`mm/mmu_notifier.c`) | here |
//! |---|---|
//! | after a refusal every callback with an end method gets its end, even one that refused; a start that can refuse may therefore have no end (`WARN_ON`) | only the drivers that started get an end; a driver may have both methods |
//! | a refusal in a call that may block is a `WARN_ON` at run time | does not compile |
//! | the end calls made while undoing a refusal run outside a section | every end call runs in a section |
//! | the section is opened around list callbacks only (`mn_hlist_invalidate_range_start`); `mn_itree_invalidate` calls interval callbacks with none | callbacks of both kinds run in a section when the caller cannot block |
//! | an interval's driver must call `mmu_interval_set_seq()` under its own lock | the address space counts before it calls: the driver has nothing to forget |
//! | `mmu_interval_read_begin()` waits until no invalidation that meets any interval is under way; `mmu_interval_notifier_insert()` is deferred until then | waits only for invalidations that meet its own interval; inserts at once |
//! | interval callbacks have no end | a driver may have one |
//! | a notifier that has a start or an end cannot have `arch_invalidate_secondary_tlbs`: registering it is a `WARN_ON_ONCE`, and fails | a driver may have both |
//! | `invalidate_start` may ask for a second pass whoever calls, and drivers look at `mmu_notifier_range_blockable()` first (7.1) | a second pass takes the caller's right to sleep, by its type |
//! | each driver of two passes keeps its own `finish` and notes whether it is in use (7.1) | the address space keeps it, and allocates nothing |
//! | `mmu_interval_read_begin()` and `mmu_interval_read_retry()` can be overtaken for ever | [`mirror`](IntervalSubscription::mirror) gets its turn |
//! | checked under `CONFIG_DEBUG_ATOMIC_SLEEP`, on the path that ran | checked at compile time, and by counters at run time |
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range};
//! use nonblock::sync::Mutex;
//! use nonblock::{Context, WouldBlock};
//!
//! struct Device {
//!     mapped: Mutex<Vec<Range>>,
//! }
//!
//! impl Invalidate for Device {
//!     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//!         self.mapped.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
//!         Ok(())
//!     }
//! }
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 8 * 4096).unwrap();
//! let device = Arc::new(Device { mapped: Mutex::new(vec![range]) });
//!
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(device.clone(), cx).unwrap();
//!
//!     // The table is held, so a caller that must not sleep is refused.
//!     let held = device.mapped.lock(cx);
//!     let refused = space.try_invalidate(range, Event::Unmap, cx);
//!     assert_eq!(refused.err(), Some(WouldBlock));
//!     drop(held);
//!
//!     let invalidation = space.invalidate(range, Event::Unmap, cx);
//!     assert!(device.mapped.lock(cx).is_empty());
//!     drop(invalidation);
//!     subscription.unsubscribe(cx);
//! });
//! ```

#[cfg(feature = "std")]
mod address_space;
#[cfg(feature = "std")]
mod aging;
#[cfg(feature = "std")]
mod caller_place;
mod driver_callbacks;
mod event;
#[cfg(feature = "std")]
mod interval;
mod interval_driver_callbacks;
#[cfg(feature = "std")]
mod interval_subscription;
#[cfg(feature = "std")]
mod interval_tree;
#[cfg(feature = "std")]
mod invalidate_seq;
#[cfg(feature = "std")]
mod invalidation;
#[cfg(feature = "std")]
mod mirror;
#[cfg(feature = "std")]
mod open_on_this_thread;
mod pass_id;
mod range;
#[cfg(feature = "std")]
mod reader_turn;
#[cfg(feature = "std")]
mod released;
#[cfg(feature = "std")]
mod second_passes;
#[cfg(feature = "std")]
mod subscription;
#[cfg(feature = "std")]
mod subscriptions;
#[cfg(feature = "std")]
mod subscriptions_snapshot;
#[cfg(feature = "std")]
mod turn_counts;
#[cfg(feature = "std")]
mod two_pass;
#[cfg(feature = "std")]
mod waits;

#[cfg(feature = "std")]
pub use address_space::AddressSpace;
pub use driver_callbacks::{Invalidate, Notifier};
pub use event::{Event, Owner};
pub use interval_driver_callbacks::{IntervalNotifier, InvalidateInterval};
#[cfg(feature = "std")]
pub use interval_subscription::{IntervalSubscription, Seq};
#[cfg(feature = "std")]
pub use invalidation::Invalidation;
pub use range::{PAGE_SIZE, Range, RangeError};
#[cfg(feature = "std")]
pub use released::Released;
#[cfg(feature = "std")]
pub use subscription::Subscription;
#[cfg(feature = "std")]
pub use two_pass::{Finish, InvalidateTwoPass};
