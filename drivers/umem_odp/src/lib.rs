//! An InfiniBand-style memory region, which a device pages in on demand.
//!
//! The device's translations are behind an [`RwLock`](nonblock::sync::RwLock). Transfers hold it for reading, and may take
//! long. Page faults and invalidations hold it for writing. A page fault looks the page up with no lock held, by the
//! collision-retry protocol of the region's interval. The callback waits for a transfer if its caller may sleep, and refuses
//! in a section.
//!
//! Mirrors Linux's `drivers/infiniband/core/umem_odp.c` (4.19), with the interval notifiers that came later.
//!
//! # Examples
//!
//! ```
//! use nonblock::WouldBlock;
//! use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
//! use umem_odp::Mr;
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap();
//! nonblock::sleepable(|cx| {
//!     let mr = Mr::get(&space, range, cx).unwrap();
//!     assert!(mr.transfer(range.start(), cx, |_, _| ()).is_err(), "nothing is mapped yet");
//!     mr.page_fault(range.start(), cx, |_address, _cx| 0xd000);
//!
//!     mr.transfer(range.start(), cx, |dma_addr, cx| {
//!         assert_eq!(dma_addr, 0xd000);
//!         // The transfer is under way, so a reaper is refused and comes back.
//!         assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
//!     }).unwrap();
//!     assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
//!     assert!(mr.transfer(range.start(), cx, |_, _| ()).is_err());
//!     mr.release(cx);
//! });
//! ```

mod mr;
mod page_list;
mod umem;

pub use mr::{Mr, PageFault};
pub use page_list::{DmaAddr, PageList};
pub use umem::{Counters, UmemOdp};
