//! A range of a process's memory that a device mirrors: its page table, the callbacks, and page faults.

use std::sync::Arc;

use nonblock::sync::SpinLock;
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{
    AddressSpace, Finish, IntervalSubscription, InvalidateTwoPass, PAGE_SIZE, Range, Released,
};

use crate::pt::{DmaAddr, Pt};
use crate::tlb_inval::{Seqno, TlbInval};

/// How often a page fault may be overtaken by invalidations before it asks for its turn.
const MAX_OVERTAKEN: u32 = 4;

/// What the driver has counted since the range was mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// First passes that did not refuse.
    pub invalidations: u64,
    /// First passes that refused: a flush was under way.
    pub refusals: u64,
    /// Second passes.
    pub second_passes: u64,
    /// Invalidations that ended.
    pub finished: u64,
}

/// A mirrored range, as the callbacks see it. Linux's `struct xe_userptr`.
#[derive(Debug)]
pub struct Userptr {
    tlb_inval: Arc<TlbInval>,
    // Held for a few instructions at a time, so that a callback never waits for one that sleeps.
    shared: SpinLock<(Pt, Counters)>,
}

impl Userptr {
    /// Removes the entries of a range, and asks the device to flush its TLB if it had any. Returns the last request.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn zap<C: Context>(&self, range: &Range, cx: &mut C) -> Seqno {
        self.shared.with(cx, |(pt, _), _nb| {
            if pt.zap(range) {
                pt.last_flush = self.tlb_inval.submit();
            }
            pt.last_flush
        })
    }

    /// Returns the requests to the device.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn tlb_inval(&self) -> &TlbInval {
        &self.tlb_inval
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.shared.with(cx, |(_, counters), _nb| *counters)
    }

    fn count<C: Context>(&self, cx: &mut C, count: impl FnOnce(&mut Counters)) {
        self.shared.with(cx, |(_, counters), _nb| count(counters));
    }
}

/// Linux's `xe_vma_userptr_invalidate_start()` and `xe_vma_userptr_invalidate_finish()`.
impl InvalidateTwoPass for Userptr {
    type Operation = Seqno;

    fn invalidate_start<'cx, C: Context>(
        &self,
        range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, Seqno>>, C::Refusal> {
        // Asked for whoever calls. One that is refused finds it done when it comes back.
        let seqno = self.zap(range, cx);
        let is_done = self.tlb_inval.is_done(seqno);
        let is_refused = !is_done && cx.as_sleepable().is_none();
        self.count(cx, |counters| {
            counters.refusals += u64::from(is_refused);
            counters.invalidations += u64::from(!is_refused);
        });
        if is_done {
            return Ok(None);
        }
        Ok(Some(Finish::new(seqno, cx.or_refuse()?)))
    }

    fn invalidate_finish(&self, _range: &Range, seqno: Seqno, cx: &mut Sleepable) {
        self.tlb_inval.wait(seqno, cx);
        self.count(cx, |counters| counters.second_passes += 1);
    }

    fn invalidate_end(&self, _range: &Range, nb: &mut NonBlock) {
        self.count(nb, |counters| counters.finished += 1);
    }
}

/// A range that is mirrored, until it is [destroyed](Self::destroy). Linux's `struct xe_userptr_vma`.
#[derive(Debug)]
#[must_use = "the range is mirrored as long as this is kept"]
pub struct UserptrVma {
    userptr: Arc<Userptr>,
    subscription: IntervalSubscription,
}

impl UserptrVma {
    /// Mirrors a range. The device cannot reach any page of it yet. Linux's `xe_userptr_setup()`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// If the process is gone.
    pub fn setup(
        space: &AddressSpace,
        range: Range,
        tlb_inval: Arc<TlbInval>,
        cx: &mut Sleepable,
    ) -> Result<Self, Released> {
        let shared = SpinLock::new((Pt::new(range), Counters::default()));
        let userptr = Arc::new(Userptr { tlb_inval, shared });
        let subscription = space.subscribe_two_pass(range, Arc::clone(&userptr), cx)?;
        Ok(Self { userptr, subscription })
    }

    /// Returns what the callbacks see.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn userptr(&self) -> &Arc<Userptr> {
        &self.userptr
    }

    /// Returns how many pages the device can reach.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn mapped<C: Context>(&self, cx: &mut C) -> usize {
        self.userptr.shared.with(cx, |(pt, _), _nb| pt.mapped())
    }

    /// Returns the device's entry for the page at an address in the range.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    ///
    /// # Panics
    ///
    /// If the address is not in the range.
    pub fn entry<C: Context>(&self, address: usize, cx: &mut C) -> Option<DmaAddr> {
        self.check(address);
        self.userptr.shared.with(cx, |(pt, _), _nb| pt.get(address))
    }

    /// Lets the device reach the page at an address. Linux's `xe_vma_userptr_pin_pages()` and what binds them.
    ///
    /// # Arguments
    ///
    /// * `address`: an address in the range.
    /// * `get_page`: brings in the page, and returns the device's address of it. It is called again after a collision with an
    ///   invalidation.
    ///
    /// # Context
    ///
    /// May sleep: see [`IntervalSubscription::mirror`].
    ///
    /// # Panics
    ///
    /// If the address is not in the range, and as [`IntervalSubscription::mirror`].
    pub fn page_fault(
        &self,
        address: usize,
        cx: &mut Sleepable,
        mut get_page: impl FnMut(usize, &mut Sleepable) -> DmaAddr,
    ) {
        self.check(address);
        self.subscription.mirror(MAX_OVERTAKEN, cx, |seq, cx| {
            let dma_addr = get_page(address & !(PAGE_SIZE - 1), cx);
            self.userptr.shared.with(cx, |(pt, _), _nb| {
                let is_fresh = !self.subscription.read_retry(seq);
                is_fresh.then(|| pt.bind(address, dma_addr))
            })
        });
    }

    /// Gives up the range. After that the device reaches no page of it, and no callback runs. Linux's
    /// `xe_userptr_remove()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for callbacks, and for the device.
    pub fn destroy(self, cx: &mut Sleepable) {
        let range = *self.subscription.range();
        self.subscription.unsubscribe(cx);
        let seqno = self.userptr.zap(&range, cx);
        self.userptr.tlb_inval.wait(seqno, cx);
    }

    #[track_caller]
    fn check(&self, address: usize) {
        let range = self.subscription.range();
        assert!(range.contains(address), "address {address:#x}: expected one in {range}");
    }
}
