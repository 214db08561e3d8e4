//! Locks and what else threads wait on, and which token the wait takes.
//!
//! They are made with a token, since making one allocates in the kernel.

mod arc;

pub use crate::half::sync::{Completion, Mutex, MutexGuard, SpinLock, SpinLockGuard};
pub use arc::Arc;
