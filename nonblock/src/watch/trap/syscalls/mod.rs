//! The system calls of Linux: which of them may block, and how to print them.
//!
//! A call *may block* if it may put its thread to sleep: until an event, for another thread or process, for a device or a
//! server, or for a lock that others hold for a time without bound. The lock of the address space is one of these, and so is
//! memory for a new kernel object. These do not count: a page fault while arguments are copied; buffers that a call takes on
//! the side; the kernel's own locks that are held for a few instructions; and a turn of the processor that is given away.
//!
//! [`classify`] decides, within a signal handler. The knowledge is data: `calls` has a line for each call, the same for
//! every architecture, and `numbers` has what the architectures call by which number.

mod ask;
mod calls;
mod calls_macro;
mod classify;
mod condition;
mod constant;
mod errno;
mod names;
mod numbers;
mod print;
mod system_call;
#[cfg(test)]
mod tests;

pub(crate) use ask::{Kernel, RawSyscall};
pub(crate) use classify::{Verdict, classify};
pub(crate) use system_call::SystemCall;
