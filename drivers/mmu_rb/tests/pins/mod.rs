//! Pages that can be pinned. Pins are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use mmu_rb::{PinPages, PinnedPage};
use nonblock::Sleepable;
use nonblock_mm::mmu::{PAGE_SIZE, Range};

/// The pages of these tests, from address 0.
pub(crate) const PAGES: usize = 32;

/// What the pages hold, and how many are pinned.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Odd while the page is changed.
    pub(crate) truth: [AtomicU64; PAGES],
    pub(crate) pinned: AtomicUsize,
}

/// Pins pages of a [`Memory`].
#[derive(Clone, Debug)]
pub(crate) struct Pins(pub(crate) Arc<Memory>);

impl Pins {
    pub(crate) fn new() -> Self {
        let truth = [const { AtomicU64::new(0) }; PAGES];
        Self(Arc::new(Memory { truth, pinned: AtomicUsize::new(0) }))
    }

    pub(crate) fn pinned(&self) -> usize {
        self.0.pinned.load(Ordering::Relaxed)
    }
}

impl PinPages for Pins {
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage> {
        self.0.pinned.fetch_add(range.pages().len(), Ordering::Relaxed);
        let pages = range.start() / PAGE_SIZE..range.end() / PAGE_SIZE;
        let pages = pages.map(|page| self.0.truth[page].load(Ordering::Relaxed)).collect();
        // An invalidation may come between this point and the caching.
        nonblock::thread::sleep(cx, Duration::from_micros(20));
        pages
    }

    fn unpin(&self, range: &Range, pages: Vec<PinnedPage>, cx: &mut Sleepable) {
        assert_eq!(pages.len() * PAGE_SIZE, range.len(), "what was pinned is unpinned");
        nonblock::thread::yield_now(cx);
        self.0.pinned.fetch_sub(pages.len(), Ordering::Relaxed);
    }
}

/// Returns the range of `pages` pages from `first_page` on.
pub(crate) fn range(first_page: usize, pages: usize) -> Range {
    Range::with_len(first_page * PAGE_SIZE, pages * PAGE_SIZE).expect("whole pages")
}
