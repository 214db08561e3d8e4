//! An event count: threads wait until what they look for is there, and whoever put it there wakes them.

#[cfg(not(feature = "std"))]
mod no_threads;
#[cfg(feature = "std")]
mod parking;

#[cfg(not(feature = "std"))]
pub(crate) use no_threads::EventCount;
#[cfg(feature = "std")]
pub(crate) use parking::EventCount;
