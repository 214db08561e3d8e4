//! Sleeping for a time.

pub use crate::half::time::sleep;
