//! The collision-retry protocol of one interval: which invalidations that meet it have begun, and which have ended.
//!
//! A driver that mirrors the interval reads the page table, which takes time, and then installs what it read. An
//! invalidation that begins meanwhile makes the reading stale. So the driver first notes how many invalidations have begun,
//! at a moment when all of them have ended. After the reading it takes the lock that its callback takes, and compares the
//! count. If more invalidations have begun, it installs nothing.
//!
//! Why this is enough: an invalidation is counted before its callback is called. Suppose that the driver holds its lock and
//! finds the count unchanged. Then the callback has not held the lock yet. If it had, it would have taken the lock after the
//! counting and released it before the driver took it, so the driver would have seen the new count. So the callback is still
//! to come, and removes what the driver installs now.
//!
//! The address space does the counting. Linux's drivers must set a sequence number under their own lock; here there is
//! nothing that a driver could forget.

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

    /// Counts an invalidation as begun. Dropping the guard counts it as ended; [`BeginGuard::keep`] leaves it open.
    #[inline]
    pub(super) fn begin(&self) -> BeginGuard<'_> {
        self.begun.fetch_add(1, Ordering::AcqRel);
        BeginGuard { seq: self }
    }

    /// Counts an invalidation as ended whose guard was kept.
    #[inline]
    pub(super) fn end(&self) {
        // Every change of the page table was made before this. The increments of one counter form a release sequence, so a
        // thread that sees the last increment sees what was done before each of them.
        self.ended.fetch_add(1, Ordering::Release);
    }

    /// Returns how many have begun.
    #[inline]
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns how many have begun, if all of them have ended.
    #[inline]
    pub(super) fn try_read_begin(&self) -> Option<u64> {
        // The order of the two loads matters. No invalidation ends before it has begun. So if the later load of `begun`
        // equals the earlier load of `ended`, then none was under way in between. A driver that reads the page table now
        // sees what the ended invalidations did.
        let ended = self.ended.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        (begun == ended).then_some(begun)
    }

    /// Returns whether an invalidation has begun since [`try_read_begin`](Self::try_read_begin) returned this count.
    #[inline]
    pub(super) fn read_retry(&self, begun: u64) -> bool {
        // If a callback has held the driver's lock, that lock orders this load after the callback's count.
        self.begun.load(Ordering::Acquire) != begun
    }
}

/// An invalidation that was counted as begun, and whose callback has not succeeded yet.
#[derive(Debug)]
#[must_use = "dropping this counts the invalidation as ended"]
pub(super) struct BeginGuard<'a> {
    seq: &'a InvalidateSeq,
}

impl BeginGuard<'_> {
    /// Leaves the invalidation open, because its callback succeeded: [`InvalidateSeq::end`] is due.
    #[inline]
    pub(super) fn keep(self) {
        core::mem::forget(self);
    }
}

impl Drop for BeginGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.seq.end();
    }
}
