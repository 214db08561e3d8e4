//! The backend where checks are off: it keeps no count, and compiles to nothing.

use super::interface::{Backend, Suspended};
use crate::violation::{Place, Violation};

/// A backend that keeps no count.
#[derive(Debug)]
pub(crate) struct NoBackend;

// SAFETY: it keeps no count, and says so. Nothing in it can unwind, but for `abort`, which is never called.
unsafe impl Backend for NoBackend {
    #[inline]
    fn start(_place: Place) {}

    #[inline]
    fn end() -> bool {
        true
    }

    #[inline]
    fn depth() -> Option<u32> {
        None
    }

    #[inline]
    fn suspend() -> Suspended {
        Suspended::default()
    }

    #[inline]
    fn resume(_suspended: Suspended) {}

    #[inline]
    fn write(_violation: &Violation) {}

    fn abort() -> ! {
        // Nothing is reported where nothing is counted.
        unreachable!("a report with checks off")
    }
}
