//! One region: its translations, and the callbacks.

use nonblock::sync::{Completion, RwLock, RwLockReadGuard, RwLockWriteGuard, SpinLock};
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{InvalidateInterval, Range};

use crate::page_list::PageList;

/// What the driver has counted since the region was registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Callbacks that did not refuse.
    pub invalidations: u64,
    /// Callbacks that refused: a transfer or a page fault was under way.
    pub refusals: u64,
    /// Invalidations that ended.
    pub finished: u64,
    /// Pages taken from the device by callbacks.
    pub pages_unmapped: u64,
    /// Pages mapped by page faults.
    pub pages_mapped: u64,
    /// Page faults that had to look up again, since an invalidation came between.
    pub retries: u64,
}

/// What callbacks reach without waiting.
#[derive(Debug, Default)]
struct Shared {
    /// Invalidations under way that this region was told of.
    notifiers_count: u64,
    counters: Counters,
}

/// A region of a process's memory that a device pages in on demand. Linux's `struct ib_umem_odp`.
///
/// Its `notifiers_seq` is the address space's: see [`IntervalSubscription`](nonblock_mm::mmu::IntervalSubscription).
#[derive(Debug)]
pub struct UmemOdp {
    /// Read by transfers, which last; written by page faults and invalidations.
    umem_rwsem: RwLock<PageList>,
    shared: SpinLock<Shared>,
    /// Completed while `notifiers_count` is 0.
    notifier_completion: Completion,
}

impl UmemOdp {
    pub(crate) fn new(range: Range) -> Self {
        let notifier_completion = Completion::new();
        notifier_completion.complete_all();
        Self {
            umem_rwsem: RwLock::new(PageList::new(range)),
            shared: SpinLock::default(),
            notifier_completion,
        }
    }

    /// Waits until nobody changes the translations. Linux's `down_read(&umem_rwsem)`.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn read(&self, cx: &mut Sleepable) -> RwLockReadGuard<'_, PageList> {
        self.umem_rwsem.read(cx)
    }

    #[track_caller]
    pub(crate) fn write(&self, cx: &mut Sleepable) -> RwLockWriteGuard<'_, PageList> {
        self.umem_rwsem.write(cx)
    }

    /// Waits until no invalidation of the region is under way. Its end callback wakes who waits here.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait_for_notifiers(&self, cx: &mut Sleepable) {
        self.notifier_completion.wait(cx);
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.shared.with(cx, |shared, _nb| shared.counters)
    }

    pub(crate) fn count<C: Context>(&self, cx: &mut C, count: impl FnOnce(&mut Counters)) {
        self.shared.with(cx, |shared, _nb| count(&mut shared.counters));
    }

    /// Linux's `invalidate_range_start_trampoline()` and the driver's `invalidate_range()`. Returns how many pages were
    /// mapped.
    fn unmap_dma_pages<C: Context>(&self, range: &Range, cx: &mut C) -> Result<usize, C::Refusal> {
        // `down_read()`, or `down_read_trylock()` and `-EAGAIN`. A transfer elsewhere in the region reads as well, so
        // where nothing is mapped nobody waits for it.
        if !self.umem_rwsem.acquire_read(cx)?.meets(range) {
            return Ok(0);
        }
        // A page fault between the two finds that it has to retry: this invalidation was counted before.
        Ok(self.umem_rwsem.acquire_write(cx)?.unmap(range))
    }
}

/// Linux's `ib_umem_notifier_invalidate_range_start()` and `_end()`.
impl InvalidateInterval for UmemOdp {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let outcome = self.unmap_dma_pages(range, cx);
        self.shared.with(cx, |shared, _nb| match outcome {
            Ok(pages) => {
                if shared.notifiers_count == 0 {
                    self.notifier_completion.reinit();
                }
                shared.notifiers_count += 1;
                shared.counters.invalidations += 1;
                shared.counters.pages_unmapped += pages as u64;
            }
            Err(_) => shared.counters.refusals += 1,
        });
        outcome.map(drop)
    }

    fn finish_interval(&self, _range: &Range, nb: &mut NonBlock) {
        let mut shared = self.shared.lock(nb);
        shared.counters.finished += 1;
        shared.notifiers_count -= 1;
        if shared.notifiers_count == 0 {
            self.notifier_completion.complete_all();
        }
    }
}
