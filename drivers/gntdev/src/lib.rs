//! A Xen-style driver that maps pages which other domains granted.
//!
//! The maps are behind a [`Mutex`](nonblock::sync::Mutex), which is held while the driver waits for the hypervisor. To take a
//! page away, the callback has to wait. So in a section it refuses if a page of the range is mapped. With a caller that may
//! sleep it waits.
//!
//! Mirrors Linux's `drivers/xen/gntdev.c` (4.19).
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use gntdev::{GntdevPriv, Hypervisor};
//! use nonblock::WouldBlock;
//! use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};
//!
//! let space = AddressSpace::new();
//! let hypervisor = Arc::new(Hypervisor::start()?);
//! let gntdev = Arc::new(GntdevPriv::open(Arc::clone(&hypervisor)));
//! let range = Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap();
//!
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(gntdev.clone(), cx).unwrap();
//!     let index = gntdev.map_grant_ref(&[8, 9, 10, 11], cx);
//!     gntdev.mmap(index, range, cx).unwrap();
//!
//!     // A reaper is refused. A caller that may sleep waits for the hypervisor.
//!     assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
//!     assert_eq!(hypervisor.mapped(&range, cx), 4);
//!     drop(space.invalidate(range, Event::Unmap, cx));
//!     assert_eq!(hypervisor.mapped(&range, cx), 0);
//!     subscription.unsubscribe(cx);
//! });
//! # Ok::<(), std::io::Error>(())
//! ```

mod error;
mod gntdev_priv;
mod grant_map;
mod hypervisor;

pub use error::MmapError;
pub use gntdev_priv::{Counters, GntdevPriv};
pub use grant_map::GrantMap;
pub use hypervisor::{GrantRef, GrantedPage, Hypervisor, PageUse};
