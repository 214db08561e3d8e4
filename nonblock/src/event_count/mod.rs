//! An event count: threads wait for an event, and a thread that caused the event wakes them.

#[cfg(not(feature = "std"))]
mod no_threads;
#[cfg(feature = "std")]
mod parking;

#[cfg(not(feature = "std"))]
pub(crate) use no_threads::EventCount;
#[cfg(feature = "std")]
pub(crate) use parking::EventCount;
