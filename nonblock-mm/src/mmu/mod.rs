//! Address spaces, and the drivers that mirror them: mmu notifiers.
//!
//! A driver that lets a device reach a process's memory mirrors the process's page table in one of its own. Before
//! the process's memory changes, everybody who mirrors it is told: an [`AddressSpace`] calls the [`Notifier`]s
//! subscribed to it. A caller that may sleep says [`invalidate`](AddressSpace::invalidate), and cannot be refused. A
//! caller that must not, the OOM reaper above all, says [`try_invalidate`](AddressSpace::try_invalidate): the callbacks
//! run in a section, and one that would have to wait refuses. Either returns an [`Invalidation`], whose drop tells the
//! drivers that it is over.
//!
//! Drivers implement [`Invalidate`], once and for both callers. One that mirrors a range, and not all of the address space,
//! implements [`InvalidateInterval`]; its [`IntervalSubscription`] has the collision-retry protocol, by which a driver finds
//! out whether what it read from the page table was invalidated meanwhile.
//!
//! # Changes while an invalidation is under way
//!
//! An invalidation goes on, from its first start to its last end, with those who were subscribed when it began, but not
//! dropped. Changes made meanwhile take effect for the invalidations that begin later. So each driver gets an end for each
//! start and no other, however invalidations nest and overlap. Whoever subscribes an interval meanwhile is not called by those under
//! way; its first [`read_begin`](IntervalSubscription::read_begin) waits for them instead.
//!
//! # Where this goes further than Linux
//!
//! | Linux 6.12 (`mm/mmu_notifier.c`) | here |
//! |---|---|
//! | after a refusal every callback with an end method gets its end, even one that refused; a start that can refuse may therefore have no end (`WARN_ON`) | those that started get their end, nobody else does; a driver may have both |
//! | a refusal in a call that may block is a `WARN_ON` at run time | does not compile |
//! | the end calls made while undoing a refusal run outside a section | every end call runs in a section |
//! | the section is opened around list callbacks only (`mn_hlist_invalidate_range_start`); `mn_itree_invalidate` calls interval callbacks with none | callbacks of both kinds run in a section when the caller cannot block |
//! | an interval's driver must call `mmu_interval_set_seq()` under its own lock | the address space counts before it calls: there is nothing to forget |
//! | `mmu_interval_read_begin()` waits until nothing is under way that meets any interval, `mmu_interval_notifier_insert()` is deferred until then | waits for what meets its own interval; inserted at once |
//! | interval callbacks have no end | they have one, if they want it |
//! | checked under `CONFIG_DEBUG_ATOMIC_SLEEP`, on the path that ran | checked at compile time, the counters beside it |
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
//!     // Somebody holds the table: who must not sleep is refused.
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

mod aging;
mod event;
mod interval;
mod interval_notifier;
mod interval_subscription;
mod invalidate_seq;
mod invalidation;
mod notifier;
mod open;
mod origin;
mod range;
mod snapshot;
mod space;
mod subscription;
mod subscriptions;
mod tree;

pub use event::{Event, Owner};
pub use interval_notifier::{IntervalNotifier, InvalidateInterval};
pub use interval_subscription::{IntervalSubscription, Seq};
pub use invalidation::Invalidation;
pub use notifier::{Invalidate, Notifier};
pub use range::{PAGE_SIZE, Range, RangeError};
pub use space::AddressSpace;
pub use subscription::Subscription;
pub use subscriptions::Released;
