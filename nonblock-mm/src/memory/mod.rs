//! Real anonymous memory (Linux), and the process-like owner that a reaper can take it from.
//!
//! A [`Mapping`] is private anonymous memory from the kernel: its pages are there once they are touched, and gone
//! again once they are zapped, and how many there are is read back from the kernel. An [`Mm`] joins mappings to an
//! [`AddressSpace`](crate::mmu::AddressSpace), so that taking memory away goes through the drivers that mirror it.
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
mod pages;
mod proc;

pub use error::{AccessError, MapError, ResidentError};
pub use mapping::Mapping;
pub use mm::{Mm, MmGuard};
