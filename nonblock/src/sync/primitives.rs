//! Where the waiting objects take their locks, their clock and their atomics from: one place, so that a model checker's
//! can stand in for them.

pub(super) use core::sync::atomic::{AtomicUsize, Ordering};
pub(super) use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
pub(super) use std::time::Instant;
