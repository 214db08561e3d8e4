//! What threads wait for in an address space, as `nonblock::lockdep` is told.
//!
//! | what | who waits for it | what is done in it |
//! |---|---|---|
//! | the callbacks | who invalidates, and may sleep | all callbacks of the start |
//! | the first passes | the second passes, and the end callbacks | the first passes |
//! | the second passes, the ends | who waits for what they complete | what they complete |
//! | the invalidation | who reads, in `read_begin` | all from the first callback to the end |
//!
//! So a driver that waits in its callback for what another completes only in its second pass, or at the end, is found.

use nonblock::lockdep::{Acquired, Class, Region};

/// What threads wait for in one address space.
#[derive(Debug)]
pub(super) struct Waits {
    callbacks: Class,
    first_passes: Class,
    second_passes: Class,
    ends: Class,
    invalidation: Class,
}

/// The callbacks of a start that may sleep, until this is dropped.
pub(super) struct Callbacks<'a> {
    waits: &'a Waits,
    first_passes: Option<Region>,
    _callbacks: Region,
}

impl Waits {
    pub(super) const fn new() -> Self {
        Self {
            callbacks: Class::new("callbacks of an invalidation"),
            first_passes: Class::new("first passes of an invalidation"),
            second_passes: Class::new("second passes of an invalidation"),
            ends: Class::new("end callbacks of an invalidation"),
            invalidation: Class::new("invalidation"),
        }
    }

    /// The thread is about to call the callbacks, and to wait for what they wait for.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn call(&self) -> Callbacks<'_> {
        self.callbacks.wait();
        let _callbacks = self.callbacks.region();
        Callbacks { waits: self, first_passes: Some(self.first_passes.region()), _callbacks }
    }

    /// An invalidation is under way, until what this returns is dropped.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn invalidate(&self) -> Region {
        self.invalidation.region()
    }

    /// The thread is about to wait until no invalidation is under way.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn wait_for_invalidations(&self) {
        self.invalidation.wait();
    }

    /// The end callbacks are called, after all callbacks of the start.
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub(super) fn end(&self) -> Acquired {
        let ends = self.ends.acquire();
        self.callbacks.wait();
        ends
    }
}

impl Callbacks<'_> {
    /// The second passes are made, after all first passes.
    #[inline]
    pub(super) fn second_passes(&mut self) -> Acquired {
        self.first_passes = None;
        let second_passes = self.waits.second_passes.acquire();
        self.waits.first_passes.wait();
        second_passes
    }
}
