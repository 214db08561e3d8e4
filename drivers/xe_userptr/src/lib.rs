//! A GPU-style driver that mirrors user memory, and waits for its device in a second pass.
//!
//! Before memory goes, the device must have flushed its TLB, which takes a while. The first pass removes the entries of the
//! device's page table and asks for the flush. The second pass waits for it. So several devices flush at the same time:
//!
//! ```text
//! one pass     gpu0  ask ~~~~~~~~ wait
//!              gpu1                    ask ~~~~~~~~ wait
//!
//! two passes   gpu0  ask ~~~~~~~~ wait
//!              gpu1   ask ~~~~~~~~ wait
//! ```
//!
//! A caller that must not sleep has no second pass. It is refused while the flush is under way, and finds it done when it
//! comes back.
//!
//! Mirrors Linux's `drivers/gpu/drm/xe/xe_userptr.c` (7.1).
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use nonblock::WouldBlock;
//! use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
//! use xe_userptr::{TlbInval, UserptrVma};
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap();
//! let gpu = Arc::new(TlbInval::default());
//! nonblock::sleepable(|cx| {
//!     let vma = UserptrVma::setup(&space, range, Arc::clone(&gpu), cx).unwrap();
//!     vma.page_fault(range.start(), cx, |_address, _cx| 0xd000);
//!
//!     // A reaper is refused: the device has been asked to flush, and has not answered yet.
//!     assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
//!     gpu.done(gpu.submitted()); // it answers
//!     assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
//!     vma.destroy(cx);
//! });
//! ```

mod pt;
mod tlb_inval;
mod userptr_vma;

pub use pt::DmaAddr;
pub use tlb_inval::{Seqno, TlbInval};
pub use userptr_vma::{Counters, Userptr, UserptrVma};
