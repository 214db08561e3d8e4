//! A driver from before the tokens: its signatures have none, it is called through `dyn`, and it sleeps where
//! it must not.
//!
//! Its interface, [`MirrorOps`], says nothing of contexts. It waits on a [`Fence`], which calls
//! [`might_sleep`](nonblock::might_sleep). That is all that the run-time counters need to find the
//! fault. [`Adapter`] makes a notifier of the driver.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use legacy::{Adapter, Card};
//! use nonblock_mm::mmu::{AddressSpace, Event, Range};
//! use nonblock::{ViolationKind, testing};
//!
//! let space = AddressSpace::new();
//! let range = Range::with_len(0x10_0000, 4096).unwrap();
//! nonblock::sleepable(|cx| {
//!     let adapter = Arc::new(Adapter::new(Box::new(Card::default())));
//!     let _subscription = space.subscribe(adapter, cx).unwrap();
//!
//!     // A caller that may sleep: nothing is wrong.
//!     drop(space.invalidate(range, Event::Unmap, cx));
//!     // A section: the same callback sleeps, and is found.
//! #   if !nonblock::CHECKS { return; }
//!     let violation = testing::expect_violation(|| space.try_invalidate(range, Event::Unmap, cx).is_ok());
//!     assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
//! });
//! ```

mod fence;

use std::sync::Mutex;

use nonblock::{NonBlock, Sleepable, WouldBlock};
use nonblock_mm::mmu::{Notifier, Range};

pub use fence::Fence;

/// The old interface: a mirror of a process's memory, which is told what to give up.
///
/// It does not say whether a method may sleep.
pub trait MirrorOps: Send + Sync {
    /// Gives up the addresses from `start` up to `end`, in bytes.
    fn invalidate(&self, start: usize, end: usize);
}

/// A card that has work in flight on the memory it mirrors.
#[derive(Debug, Default)]
pub struct Card {
    fence: Fence,
    mapped: Mutex<Vec<(usize, usize)>>,
}

impl Card {
    /// Mirrors the addresses from `start` up to `end`, in bytes.
    pub fn mirror(&self, start: usize, end: usize) {
        self.mapped().push((start, end));
    }

    /// Returns how many ranges are mirrored.
    pub fn mirrored(&self) -> usize {
        self.mapped().len()
    }

    fn mapped(&self) -> std::sync::MutexGuard<'_, Vec<(usize, usize)>> {
        self.mapped.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl MirrorOps for Card {
    fn invalidate(&self, start: usize, end: usize) {
        // The fault: it waits for the card for every caller.
        self.fence.wait();
        self.mapped().retain(|&(from, to)| to <= start || end <= from);
    }
}

/// Makes a notifier of an old driver, without changing it.
///
/// The tokens end here: nothing keeps the old code from sleeping in either mode. The counters find a sleep
/// when it happens.
pub struct Adapter {
    driver: Box<dyn MirrorOps>,
}

impl Adapter {
    /// Wraps an old driver.
    pub fn new(driver: Box<dyn MirrorOps>) -> Self {
        Self { driver }
    }
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter").finish_non_exhaustive()
    }
}

impl Notifier for Adapter {
    fn invalidate_range_start(&self, range: &Range, _cx: &mut Sleepable) {
        self.driver.invalidate(range.start(), range.end());
    }

    fn invalidate_range_start_nonblock(
        &self,
        range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.driver.invalidate(range.start(), range.end());
        Ok(())
    }
}
