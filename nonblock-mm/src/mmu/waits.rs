//! What threads wait for in address spaces, as `nonblock::lockdep` is told.
//!
//! | what | who waits for it | what is done in it |
//! |---|---|---|
//! | the callbacks | who invalidates, and may sleep | all callbacks of the start |
//! | the first passes | the second passes | the first passes |
//! | the second passes, the ends | nobody | what they complete, after the first passes, or all callbacks |
//! | the invalidation | who reads, in `read_begin` | all from the first callback to the end |
//!
//! So a driver that waits in its callback for what another completes only in its second pass, or at the end, is found.
//!
//! All address spaces are alike here, as in Linux (`__mmu_notifier_invalidate_range_start_map`, 6.12). Each call has objects of its
//! own, so an invalidation within another one waits for itself no more than it does.

use nonblock::lockdep::{Acquired, Class, Region};

const CALLBACKS: &str = "callbacks of an invalidation";
const FIRST_PASSES: &str = "first passes of an invalidation";
const SECOND_PASSES: &str = "second passes of an invalidation";
const ENDS: &str = "end callbacks of an invalidation";
const INVALIDATION: &str = "invalidation";

/// The thread is about to call the callbacks of a start that may sleep, and to wait for what they wait for. They are called until
/// what this returns is dropped.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn call() -> Region {
    let callbacks = Class::new(CALLBACKS);
    callbacks.wait();
    callbacks.region()
}

/// The first passes are made, until what this returns is dropped.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn first_passes() -> Region {
    Class::new(FIRST_PASSES).region()
}

/// The second passes are made, after all first passes, until what this returns is dropped.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn second_passes() -> Acquired {
    let second_passes = Class::new(SECOND_PASSES);
    second_passes.follows(&Class::new(FIRST_PASSES));
    second_passes.try_acquired()
}

/// The end callbacks are called, after all callbacks of the start, until what this returns is dropped.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn ends() -> Acquired {
    let ends = Class::new(ENDS);
    ends.follows(&Class::new(CALLBACKS));
    ends.try_acquired()
}

/// An invalidation is under way, until what this returns is dropped.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn invalidation() -> Region {
    Class::new(INVALIDATION).region()
}

/// The thread is about to wait until no invalidation is under way.
#[inline]
#[cfg_attr(feature = "lockdep", track_caller)]
pub(super) fn wait_for_invalidations() {
    Class::new(INVALIDATION).wait();
}
