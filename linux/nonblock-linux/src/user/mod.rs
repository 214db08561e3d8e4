//! The half for user space: over [`nonblock`] and [`nonblock_mm`].

pub(crate) mod alloc;
pub(crate) mod miscdevice;
pub(crate) mod mmu;
pub mod process;
pub(crate) mod sync;
pub(crate) mod time;
pub(crate) mod work;
