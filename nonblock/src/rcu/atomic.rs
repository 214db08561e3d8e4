//! Where the notifiers take their atomics from: one place, so that a model checker's can stand in for them.

pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
