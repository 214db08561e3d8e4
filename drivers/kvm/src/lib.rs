//! A KVM-style secondary page table: the page table of a guest, whose memory is a part of a process's memory.
//!
//! The table is behind a [`SpinLock`](nonblock::sync::SpinLock), `mmu_lock`. So the callback can wait for it in a section too,
//! and never refuses. A page fault of the guest looks the page up with no lock held, and begins again if an invalidation came
//! in between. The memory that it needs is set aside before, in a [`Reserve`](nonblock::Reserve).
//!
//! Mirrors Linux's `virt/kvm/kvm_main.c` (6.12).
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use kvm::{EptViolation, Kvm};
//! use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
//!
//! let space = AddressSpace::new();
//! let memslot = Range::with_len(0x10_0000, 128 * PAGE_SIZE).unwrap();
//! let kvm = Arc::new(Kvm::new(memslot, 1));
//!
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(kvm.clone(), cx).unwrap();
//!     assert_eq!(kvm.access(0, 5, cx, |pfn| pfn), Err(EptViolation { gfn: 5 }));
//!     kvm.page_fault(5, cx, |_hva, _cx| 0x700);
//!     assert_eq!(kvm.access(0, 5, cx, |pfn| pfn), Ok(0x700));
//!     assert!(space.test_young(memslot.start() + 5 * PAGE_SIZE, cx));
//!
//!     drop(space.try_invalidate(memslot, Event::Unmap, cx).expect("it never refuses"));
//!     assert!(kvm.access(0, 5, cx, |pfn| pfn).is_err());
//!     subscription.unsubscribe(cx);
//! });
//! ```

mod kvm;
mod memory_cache;
mod mmu;
mod spte;
mod vcpu;

pub use kvm::{EptViolation, Kvm};
pub use memory_cache::MmuMemoryCache;
pub use mmu::Counters;
pub use spte::{Gfn, Pfn, SPTES, Spte, SptePage};
