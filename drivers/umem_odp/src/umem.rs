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
    /// How many times a page fault looked the page up again, because an invalidation came in between.
    pub retries: u64,
}

/// What callbacks use without waiting for a transfer.
#[derive(Debug, Default)]
struct Shared {
    /// How many invalidations under way this region was told of.
    notifiers_count: u64,
    counters: Counters,
}

/// A region of a process's memory that a device pages in on demand. Linux's `struct ib_umem_odp`.
///
/// The address space keeps its `notifiers_seq`: see [`IntervalSubscription`](nonblock_mm::mmu::IntervalSubscription).
#[derive(Debug)]
pub struct UmemOdp {
    /// Held for reading by transfers, which may take long, and for writing by page faults and invalidations.
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

    /// Waits for the lock, and takes it for reading. Linux's `down_read(&umem_rwsem)`.
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

    /// Waits until no invalidation of the region is under way. The end callback wakes the threads that wait here.
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

    /// Unmaps the pages of a range, and returns how many were mapped. Linux's `invalidate_range_start_trampoline()` and the
    /// driver's `invalidate_range()`.
    fn unmap_dma_pages<C: Context>(&self, range: &Range, cx: &mut C) -> Result<usize, C::Refusal> {
        // `down_read()`, or `down_read_trylock()` and `-EAGAIN`. A transfer elsewhere in the region holds the lock for
        // reading too, so if nothing is mapped in the range, this does not wait for the transfer.
        if !self.umem_rwsem.acquire_read(cx)?.meets(range) {
            return Ok(0);
        }
        // A page fault between the two locks has to retry, since this invalidation was counted before.
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
