//! The collision-retry protocol of one interval: which invalidations that meet it have begun, and which have ended.
//!
//! A driver that mirrors the interval reads the page table, which takes time, and then installs what it read. An
//! invalidation that begins meanwhile makes that stale. So before it reads, the driver notes how many invalidations have
//! begun, at a moment at which all of them had ended. It installs nothing if more have begun since. It looks for that while
//! it holds the lock that its callback takes.
//!
//! An invalidation is counted before its callback is called. Say that the driver holds its lock and finds the count
//! unchanged. Then the callback has not had the lock yet. For the callback would have taken the lock after the counting, and
//! released it before the driver took it, and the driver would have seen the count. So the callback is yet to come, and
//! takes away what the driver installs now. There is no rule about who sets a sequence number under which lock, and so
//! none that a driver could forget.

use crate::primitive::{AtomicU64, Ordering};

/// How many invalidations that meet an interval have begun, and how many of them have ended.
#[derive(Debug)]
pub(super) struct InvalidateSeq {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl InvalidateSeq {
    pub(super) fn new() -> Self {
        Self { begun: AtomicU64::new(0), ended: AtomicU64::new(0) }
    }

    /// Counts an invalidation as begun. Dropped rather than kept, what this returns counts it as ended.
    #[inline]
    pub(super) fn begin(&self) -> Begun<'_> {
        self.begun.fetch_add(1, Ordering::AcqRel);
        Begun { seq: self }
    }

    /// Counts an invalidation as ended that was begun and kept.
    #[inline]
    pub(super) fn end(&self) {
        // Whatever was done to the page table was done before this. Changes of a counter form a chain, so who sees
        // the last sees what was done before each.
        self.ended.fetch_add(1, Ordering::Release);
    }

    /// Returns how many have begun, if all of them have ended.
    #[inline]
    pub(super) fn quiet(&self) -> Option<u64> {
        // In this order. None ends that has not begun, so if as many had begun, later, as had ended, earlier, then
        // none was under way in between. Who reads the page table now finds what those did that had ended.
        let ended = self.ended.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        (begun == ended).then_some(begun)
    }

    /// Says whether more have begun than so many.
    #[inline]
    pub(super) fn moved_since(&self, begun: u64) -> bool {
        // The driver's lock orders this after the counting that precedes a callback that had the lock.
        self.begun.load(Ordering::Acquire) != begun
    }
}

/// An invalidation that was counted as begun, and whose callback has not succeeded yet.
#[must_use = "dropping this counts the invalidation as ended"]
#[derive(Debug)]
pub(super) struct Begun<'a> {
    seq: &'a InvalidateSeq,
}

impl Begun<'_> {
    /// Its callback succeeded: [`InvalidateSeq::end`] is due.
    #[inline]
    pub(super) fn keep(self) {
        core::mem::forget(self);
    }
}

impl Drop for Begun<'_> {
    #[inline]
    fn drop(&mut self) {
        self.seq.end();
    }
}
