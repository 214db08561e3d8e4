//! Where the notifiers take their atomics from: one place, so that a model checker's can stand in for them.

pub(super) use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
