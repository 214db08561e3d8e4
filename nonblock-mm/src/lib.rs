//! Linux's memory management as far as drivers see it: address spaces, their notifiers, and an OOM reaper.
//!
//! A driver that lets a device reach a process's memory mirrors the process's page table. Before the memory changes, the
//! kernel tells the driver: it calls an *mmu notifier*. The OOM reaper, which takes a killed process's pages back, calls the
//! notifiers too, and must not wait for anything that may itself wait for memory. This crate has all three in user space, on
//! the tokens and sections of the crate [`nonblock`]: a driver that sleeps when the reaper calls it does not compile.
//!
//! The [guide] shows how to [move an mmu notifier over](guide::moving_over), has [recipes](guide::recipes), and says
//! [why the reaper never waits for an allocation](guide::theorem).
//!
//! # The parts
//!
//! | to do this | use |
//! |---|---|
//! | be told before a process's memory changes | [`mmu::Invalidate`], [`mmu::AddressSpace::subscribe`] |
//! | mirror one range, and never keep a stale page | [`mmu::InvalidateInterval`], [`mmu::IntervalSubscription`] |
//! | have several devices give a range up at the same time | [`mmu::InvalidateTwoPass`], [`mmu::AddressSpace::subscribe_two_pass`] |
//! | tell the drivers, and wait for them | [`mmu::AddressSpace::invalidate`] |
//! | tell the drivers, and be refused rather than wait | [`mmu::AddressSpace::try_invalidate`] |
//! | have real memory that can be taken away (Linux) | `memory::Mm`, by the feature `oom` |
//! | take a victim's memory away (Linux) | `oom::Reaper`, by the feature `oom` |
//! | choose victims when memory is short (Linux) | `oom::Killer`, `oom::Pressure`, by the feature `oom` |
//!
//! # What is promised
//!
//! 1. Callbacks of both kinds run in a section if the caller must not sleep. End calls run in a section always.
//! 2. A caller that may sleep cannot be refused. Only a section is refused.
//! 3. Exactly the drivers whose start succeeded get an end call.
//! 4. Callbacks run under no lock. `try_invalidate` itself waits for no thread, and neither allocates nor frees.
//! 5. The reaper only tries the lock of a victim's memory. What it cannot have it comes back for, a limited number of times.
//!
//! The laws of [`nonblock`] hold here too, and so does its list of what it cannot see, with [a few more](guide::blind_spots).
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use nonblock::Context;
//! use nonblock::sync::Mutex;
//! use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range};
//!
//! struct Device {
//!     mapped: Mutex<Vec<Range>>,
//! }
//!
//! impl Invalidate for Device {
//!     // Written once, for callers that may sleep and for those that must not.
//!     fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
//!         self.mapped.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
//!         Ok(())
//!     }
//! }
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 8 * 4096).unwrap();
//! let device = Arc::new(Device { mapped: Mutex::new(vec![range]) });
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(device.clone(), cx).unwrap();
//!     drop(space.invalidate(range, Event::Unmap, cx));
//!     assert!(device.mapped.lock(cx).is_empty());
//!     subscription.unsubscribe(cx);
//! });
//! ```
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `std` | yes | [`mmu::AddressSpace`], and all that subscribes to it |
//! | `oom` | no | `memory` and `oom`, on Linux |
//! | `lockdep` | no | who waits for whom: what invalidations wait for, and the memory lock, as `nonblock::lockdep` is told |
//! | `tracing` | no | each step of a reaper (`oom::ReapEvent`) and each [violation](nonblock::Violation) as an event of the crate `tracing` |
//!
//! Without `std`, the crate has the callbacks of drivers and their plain data, and needs neither `std` nor `alloc`: a kernel brings
//! the address spaces. The crate `nonblock-linux` does so for Linux.
//!
//! A driver names [`nonblock`] in its `Cargo.toml` too, for the tokens, locks and attributes, and chooses its features there.

#![cfg_attr(not(any(feature = "std", MODULE)), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "std"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the callbacks tell of the address spaces that call them"
    )
)]

#[cfg(all(feature = "std", any(doc, doctest)))]
pub mod guide;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod memory;
pub mod mmu;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod oom;
#[cfg(feature = "std")]
mod primitive;

/// The library that this crate stands on: tokens, sections, locks.
///
/// A driver can take both from here, or depend on `nonblock` itself.
#[doc(no_inline)]
pub use nonblock;
