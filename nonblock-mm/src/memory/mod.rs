//! Real anonymous memory (Linux), and a process-like owner from which a reaper can take it.
//!
//! A [`Mapping`] is private anonymous memory from the kernel. Its pages are resident once they are touched, and gone once they
//! are zapped. The number of resident pages is read back from the kernel. An [`Mm`] joins mappings to an
//! [`AddressSpace`](crate::mmu::AddressSpace), so that the drivers that mirror the memory are called before it is taken.
//!
//! # Examples
//!
//! ```
//! use nonblock_mm::memory::Mm;
//!
//! let mm = Mm::new();
//! nonblock::sleepable(|cx| {
//!     let range = mm.map(1 << 20, cx)?;
//!     assert_eq!(mm.resident(cx)?, 0);
//!     mm.touch(&range, cx)?;
//!     assert_eq!(mm.resident(cx)?, 1 << 20);
//!     mm.unmap(&range, cx)?;
//!     assert_eq!(mm.resident(cx)?, 0);
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod mapping;
mod mm;
mod mmap;
mod procfs;

pub use error::{AccessError, MapError, ResidentError};
pub use mapping::Mapping;
pub use mm::{Mm, MmGuard};
