//! Linux's memory management as far as drivers see it: address spaces, their notifiers, and an OOM reaper.
//!
//! A driver that lets a device reach a process's memory mirrors the process's page table. Before the memory changes, the
//! kernel tells the driver: it calls an *mmu notifier*. The OOM reaper, which takes a killed process's pages back, calls the
//! notifiers too, and must not wait for anything that may itself wait for memory. This crate has all three in user space, on
//! the tokens and sections of the crate [`nonblock`]: a driver that sleeps in the reaper's call does not compile.
//!
//! | to do this | use |
//! |---|---|
//! | mirror a process's memory, and be told before it changes | [`mmu`] |
//! | have real memory that can be taken away (Linux) | `memory`, by the feature `oom` |
//! | take it away when memory is short (Linux) | `oom`, by the feature `oom` |
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
//! | `oom` | no | `memory` and `oom`, on Linux |
//! | `tracing` | no | each step of a reaper (`oom::ReapEvent`) and each [violation](nonblock::Violation) as an event of the crate `tracing` |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod memory;
pub mod mmu;
#[cfg(all(feature = "oom", target_os = "linux"))]
pub mod oom;
mod primitive;

/// The library that this crate stands on: tokens, sections, locks.
///
/// A driver can take both from here, or depend on `nonblock` itself.
#[doc(no_inline)]
pub use nonblock;
