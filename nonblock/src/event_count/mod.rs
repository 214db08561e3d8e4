//! An event count: threads wait until what they look for is there, and whoever put it there wakes them.

mod look;
#[cfg(feature = "std")]
mod several_lines;
#[cfg(feature = "std")]
mod with_threads;

pub(crate) use look::Look;
#[cfg(feature = "std")]
pub(crate) use several_lines::{InLineForAny, look_where, wait_for_any};
#[cfg(feature = "std")]
pub(crate) use with_threads::BoxedWaiter;
#[cfg(feature = "std")]
pub(crate) use with_threads::{EventCount, InLine, Waiter};

/// An event count where there are no threads: nobody waits, so there is nobody to wake.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub(crate) struct EventCount;

#[cfg(not(feature = "std"))]
impl EventCount {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) const fn notify_one(&self) {
        let _ = self;
    }

    pub(crate) const fn notify_one_after_rmw(&self) {
        let _ = self;
    }

    pub(crate) const fn notify_all(&self) {
        let _ = self;
    }
}
