//! The kernel half: what drivers use, over the kernel's own locks, notifiers and queues.
//!
//! It stands on the functions of the C shim alone. The documentation of what is here is at the user-space half, which
//! has the same signatures.

#[cfg(CONFIG_DEBUG_ATOMIC_SLEEP)]
mod backend;
mod call;
mod shim;

pub(crate) mod alloc;
pub(crate) mod miscdevice;
pub(crate) mod mmu;
pub(crate) mod sync;
pub(crate) mod time;
pub(crate) mod work;
