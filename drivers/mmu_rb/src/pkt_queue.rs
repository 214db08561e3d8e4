//! A process's queue of requests to send from its memory. It uses the cache.

use core::error::Error;
use core::fmt;

use nonblock::{Reserve, Reserved, Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Range};

use crate::fence::{Fence, InFlight};
use crate::handler::{MmuRbHandler, MmuRbOps, Sizes};
use crate::registration::{RegisterError, Registration};
use crate::tree::{InsertError, MmuRbNode};

/// A pinned page, by the address that the device uses.
pub type PinnedPage = u64;

/// Pins and unpins pages of the process's memory.
pub trait PinPages: Send + Sync + 'static {
    /// Brings in every page of a range, and pins it. Linux's `hfi1_acquire_user_pages()`.
    ///
    /// # Context
    ///
    /// May sleep.
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage>;

    /// Unpins the pages of a range. Linux's `hfi1_release_user_pages()`.
    ///
    /// # Context
    ///
    /// May sleep.
    fn unpin(&self, range: &Range, pages: Vec<PinnedPage>, cx: &mut Sleepable);
}

/// A pinned buffer, and the requests that use it. Linux's `struct sdma_mmu_node`.
#[derive(Debug)]
pub struct SdmaNode {
    pages: Vec<PinnedPage>,
    fence: Fence,
}

/// The operations of the cache: a buffer that leaves the cache is unpinned once the device has finished with it.
#[derive(Debug)]
pub struct SdmaOps<P> {
    pin_pages: P,
}

impl<P: PinPages> MmuRbOps for SdmaOps<P> {
    type Data = SdmaNode;

    fn remove(&self, node: MmuRbNode<SdmaNode>, cx: &mut Sleepable) {
        let SdmaNode { pages, fence } = node.data;
        fence.wait(cx);
        self.pin_pages.unpin(&node.range, pages, cx);
    }

    /// Returns whether no request uses the buffer. Linux's `sdma_rb_evict()`.
    fn evict(&self, node: &MmuRbNode<SdmaNode>) -> bool {
        node.data.fence.is_idle()
    }
}

/// A process's queue of requests. Linux's `struct hfi1_user_sdma_pkt_q`.
#[derive(Debug)]
#[must_use = "the queue is there as long as this is kept"]
pub struct PktQueue<P: PinPages> {
    cache: Registration<SdmaOps<P>>,
    /// The requests' lists of pages, set aside. As many requests can be under way as there are lists.
    reqs: Reserve<Vec<PinnedPage>>,
}

/// A request under way. Dropping it ends the request. It does not sleep, so an interrupt handler can drop it.
#[derive(Debug)]
#[must_use = "the request has ended when this is dropped"]
pub struct SdmaRequest<'a> {
    pages: Reserved<'a, Vec<PinnedPage>>,
    _in_flight: InFlight,
}

impl SdmaRequest<'_> {
    /// Returns the pages that the device sends from.
    pub fn pages(&self) -> &[PinnedPage] {
        &self.pages
    }
}

impl<P: PinPages> PktQueue<P> {
    /// Makes a queue. Linux's `hfi1_user_sdma_alloc_queues()`.
    ///
    /// # Arguments
    ///
    /// * `sizes`: the sizes of the cache, which must hold at least one buffer.
    /// * `requests`: how many requests can be under way, from 1.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// As [`Registration::register`].
    ///
    /// # Panics
    ///
    /// If the cache can hold no buffer.
    #[track_caller]
    pub fn alloc(
        pin_pages: P,
        space: &AddressSpace,
        sizes: Sizes,
        requests: usize,
        cx: &mut Sleepable,
    ) -> Result<Self, RegisterError> {
        assert!(sizes.nodes > 0, "a cache of 0 buffers has room for none: expected at least 1");
        let cache = Registration::register(SdmaOps { pin_pages }, space, sizes, cx)?;
        Ok(Self { cache, reqs: Reserve::with_capacity(requests, Vec::new) })
    }

    /// Returns the cache.
    pub fn cache(&self) -> &MmuRbHandler<SdmaOps<P>> {
        &self.cache
    }

    /// Begins to send from a buffer. It is taken from the cache, or pinned now. Linux's `pin_vector_pages()`.
    ///
    /// # Context
    ///
    /// May sleep: pins, and waits for invalidations under way. Do not call it on a thread that has an invalidation open.
    ///
    /// # Errors
    ///
    /// [`Busy`], if requests under way prevent it: try again when some of them have ended.
    pub fn submit(&self, range: Range, cx: &mut Sleepable) -> Result<SdmaRequest<'_>, Busy> {
        let mut pages = self.reqs.take().ok_or(Busy::Requests { at_most: self.reqs.capacity() })?;
        pages.clear();
        // Allocated before the lock is taken.
        pages.reserve(range.pages().len());
        loop {
            let found = self.cache.find_exact(&range, cx, |node| {
                pages.extend_from_slice(&node.pages);
                node.fence.begin()
            });
            if let Some(in_flight) = found {
                return Ok(SdmaRequest { pages, _in_flight: in_flight });
            }
            self.pin(range, cx)?;
        }
    }

    /// Pins a buffer and caches it, or removes what prevents that.
    fn pin(&self, range: Range, cx: &mut Sleepable) -> Result<(), Busy> {
        let Some(seq) = self.cache.read_begin(cx) else {
            thread::yield_now(cx);
            return Ok(());
        };
        let pin_pages = &self.cache.ops().pin_pages;
        let node = SdmaNode { pages: pin_pages.pin(&range, cx), fence: Fence::default() };
        let Err(error) = self.cache.insert(range, node, seq, cx) else { return Ok(()) };
        let (node, cleared) = match error {
            InsertError::Stale(node) => (node, Ok(())),
            InsertError::Overlaps(node) => {
                // Only tried: the worker may wait for a request of this thread.
                let removed = cx.non_block(|nb| self.cache.remove(&range, nb));
                (node, removed.map_err(|WouldBlock| Busy::Worker))
            }
            InsertError::NoRoom(node) => {
                (node, self.cache.evict(cx).then_some(()).ok_or(Busy::Cache))
            }
        };
        pin_pages.unpin(&range, node.pages, cx);
        cleared
    }

    /// Ends the queue, and unpins all buffers. Linux's `hfi1_user_sdma_free_queues()`.
    ///
    /// # Context
    ///
    /// May sleep. No request is under way, since requests borrow the queue.
    pub fn free(self, cx: &mut Sleepable) {
        self.cache.unregister(cx);
    }
}

/// Why a request cannot begin while other requests are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Busy {
    /// The maximum number of requests is under way.
    #[non_exhaustive]
    Requests {
        /// The maximum number.
        at_most: usize,
    },
    /// The cache is full, and requests use all its buffers.
    Cache,
    /// An overlapping buffer cannot leave the cache, since too many buffers wait to be released.
    Worker,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests { at_most } => write!(f, "{at_most} requests are under way")?,
            Self::Cache => f.write_str("every cached buffer is in use")?,
            Self::Worker => f.write_str("an overlapping buffer waits to be released")?,
        }
        f.write_str(": try again when some have ended")
    }
}

impl Error for Busy {}
