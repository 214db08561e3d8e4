//! A registered memory region (MR): its transfers and page faults.

use core::error::Error;
use core::fmt;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, IntervalSubscription, PAGE_SIZE, Range, Released};

use crate::page_list::DmaAddr;
use crate::umem::UmemOdp;

/// A memory region that is registered with the device, until it is [released](Mr::release).
#[derive(Debug)]
#[must_use = "the region is registered as long as this is kept"]
pub struct Mr {
    umem: Arc<UmemOdp>,
    subscription: IntervalSubscription,
}

impl Mr {
    /// Registers a region. The device cannot reach any page of it yet. Linux's `ib_umem_odp_get()`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// If the process is gone.
    pub fn get(space: &AddressSpace, range: Range, cx: &mut Sleepable) -> Result<Self, Released> {
        let umem = Arc::new(UmemOdp::new(range));
        let subscription = space.subscribe_interval(range, umem.clone(), cx)?;
        Ok(Self { umem, subscription })
    }

    /// Returns where the region is.
    pub fn range(&self) -> &Range {
        self.subscription.range()
    }

    /// Returns the region's translations and counters.
    pub fn umem(&self) -> &Arc<UmemOdp> {
        &self.umem
    }

    /// Has the device transfer data at an address. The page stays mapped until the transfer ends.
    ///
    /// # Arguments
    ///
    /// * `address`: an address in the region.
    /// * `transfer`: the transfer, which is given the device's address of the page. It may take long.
    ///
    /// # Context
    ///
    /// May sleep, and so may the transfer.
    ///
    /// # Errors
    ///
    /// [`PageFault`] if the device cannot reach the page: see [`page_fault`](Mr::page_fault).
    ///
    /// # Panics
    ///
    /// If the address is not in the region.
    pub fn transfer<R>(
        &self,
        address: usize,
        cx: &mut Sleepable,
        transfer: impl FnOnce(DmaAddr, &mut Sleepable) -> R,
    ) -> Result<R, PageFault> {
        self.check(address);
        let pages = self.umem.read(cx);
        let dma_addr = pages.dma_addr(address).ok_or(PageFault { address })?;
        Ok(transfer(dma_addr, cx))
    }

    /// Lets the device reach the page at an address. Linux's `ib_umem_odp_map_dma_pages()`, which its callers repeat after
    /// `-EAGAIN`.
    ///
    /// # Arguments
    ///
    /// * `address`: an address in the region.
    /// * `get_user_page`: brings in the page, and returns the device's address of it. It is called again after a collision
    ///   with an invalidation.
    ///
    /// # Context
    ///
    /// May sleep: waits for invalidations of the region, for the page, and for transfers. Do not call it on a thread that has
    /// an invalidation or a transfer open itself.
    ///
    /// # Panics
    ///
    /// If the address is not in the region, and as [`IntervalSubscription::read_begin`].
    pub fn page_fault(
        &self,
        address: usize,
        cx: &mut Sleepable,
        mut get_user_page: impl FnMut(usize, &mut Sleepable) -> DmaAddr,
    ) {
        self.check(address);
        loop {
            self.umem.wait_for_notifiers(cx);
            // Also waits for invalidations that have begun, but have not called this driver yet.
            let current_seq = self.subscription.read_begin(cx);
            let dma_addr = get_user_page(address & !(PAGE_SIZE - 1), cx);
            let mut pages = self.umem.write(cx);
            if !self.subscription.read_retry(current_seq) {
                let added = pages.map(address, dma_addr);
                self.umem.count(cx, |counters| counters.pages_mapped += u64::from(added));
                return;
            }
            self.umem.count(cx, |counters| counters.retries += 1);
        }
    }

    /// Gives up the region. After that the device reaches no page of it, and no callback runs. Linux's
    /// `ib_umem_odp_release()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for callbacks, without holding the lock that they take.
    pub fn release(self, cx: &mut Sleepable) {
        let range = *self.range();
        self.subscription.unsubscribe(cx);
        self.umem.write(cx).unmap(&range);
    }

    #[track_caller]
    fn check(&self, address: usize) {
        let range = self.range();
        assert!(
            range.contains(address),
            "address {address:#x}: expected one in the region, {range}"
        );
    }
}

/// The device cannot reach the page: it has to be faulted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// The address that was asked for.
    pub address: usize,
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the device does not reach the page at {:#x}: it has to be faulted in",
            self.address
        )
    }
}

impl Error for PageFault {}
