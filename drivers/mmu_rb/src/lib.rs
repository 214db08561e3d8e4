//! An RDMA driver's cache of pinned buffers. Its callback pushes to a work queue what it must not do itself.
//!
//! Pinning pages is slow, so the driver keeps buffers pinned after a request has been sent. When their memory is invalidated,
//! the callback takes them off the tree, under a [`SpinLock`](nonblock::sync::SpinLock), and pushes them to a
//! [`work::Queue`](nonblock::work::Queue). The worker of the queue waits for the requests that use them, and unpins them. The
//! callback refuses only if the queue is full. Then the buffers that do not fit stay in the tree, and the reaper comes back.
//!
//! Mirrors Linux's `drivers/infiniband/hw/hfi1/mmu_rb.c` (4.19).
//!
//! # Examples
//!
//! ```
//! use mmu_rb::{PinPages, PinnedPage, PktQueue, Sizes};
//! use nonblock::Sleepable;
//! use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
//!
//! struct Pins;
//!
//! impl PinPages for Pins {
//!     fn pin(&self, range: &Range, _cx: &mut Sleepable) -> Vec<PinnedPage> {
//!         vec![7; range.pages().len()]
//!     }
//!     fn unpin(&self, _range: &Range, _pages: Vec<PinnedPage>, _cx: &mut Sleepable) {}
//! }
//!
//! let space = AddressSpace::new();
//! let buffer = Range::with_len(0x10_0000, 2 * PAGE_SIZE).unwrap();
//! nonblock::sleepable(|cx| {
//!     let sizes = Sizes { nodes: 8, del_queue: 8 };
//!     let queue = PktQueue::alloc(Pins, &space, sizes, 4, cx).unwrap();
//!     let request = queue.submit(buffer, cx).unwrap();
//!     assert_eq!(request.pages(), [7, 7]);
//!     assert_eq!(queue.cache().cached(cx), [buffer]);
//!
//!     // The request is under way. The worker waits for it, but the callback does not.
//!     drop(space.try_invalidate(buffer, Event::Unmap, cx).expect("the queue has room"));
//!     assert_eq!(queue.cache().cached(cx), []);
//!     drop(request);
//!     queue.free(cx);
//! });
//! ```

mod fence;
mod handler;
mod pkt_queue;
mod registration;
mod tree;

pub use fence::{Fence, InFlight};
pub use handler::{Counters, MmuRbHandler, MmuRbOps, Sizes};
pub use pkt_queue::{Busy, PinPages, PinnedPage, PktQueue, SdmaNode, SdmaOps, SdmaRequest};
pub use registration::{RegisterError, Registration};
pub use tree::{InsertError, MmuRbNode};
