//! What uses the cache: a process's queue of requests to send from its memory.

use core::error::Error;
use core::fmt;

use nonblock::{Reserve, Reserved, Sleepable, WouldBlock, thread};
use nonblock_mm::mmu::{AddressSpace, Range};

use crate::fence::{Fence, InFlight};
use crate::handler::{MmuRbHandler, MmuRbOps, Sizes};
use crate::registration::{RegisterError, Registration};
use crate::tree::{InsertError, MmuRbNode};

/// A page that is pinned, by whatever the device reaches it with.
pub type PinnedPage = u64;

/// Pins and unpins pages of the process's memory.
pub trait PinPages: Send + Sync + 'static {
    /// Brings the pages of a range in, each of them, and keeps them. Linux's `hfi1_acquire_user_pages()`.
    ///
    /// # Context
    ///
    /// May sleep.
    fn pin(&self, range: &Range, cx: &mut Sleepable) -> Vec<PinnedPage>;

    /// Lets them go. Linux's `hfi1_release_user_pages()`.
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

/// The cache's driver: it unpins what leaves the cache, when the device is done with it.
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

    /// Linux's `sdma_rb_evict()`: not while a request uses it.
    fn evict(&self, node: &MmuRbNode<SdmaNode>) -> bool {
        node.data.fence.is_idle()
    }
}

/// A process's queue of requests. Linux's `struct hfi1_user_sdma_pkt_q`.
#[derive(Debug)]
#[must_use = "the queue is there as long as this is kept"]
pub struct PktQueue<P: PinPages> {
    cache: Registration<SdmaOps<P>>,
    /// What requests need, set aside: that many can be under way.
    reqs: Reserve<Vec<PinnedPage>>,
}

/// A request under way. Dropping it is its end, which an interrupt tells: it does not sleep.
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
    /// * `sizes`: of the cache. It must hold one buffer at least.
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
    /// If the cache holds nothing.
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

    /// Begins to send from a buffer: from the cache, or pinned for it. Linux's `pin_vector_pages()`.
    ///
    /// # Context
    ///
    /// May sleep: pins, and waits for invalidations under way. Not for a thread that has one open.
    ///
    /// # Errors
    ///
    /// [`Busy`], if requests that are under way are in the way of it: try again when some have ended.
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

    /// Pins a buffer and caches it, or clears what is in the way of it.
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
                // Tried only: the worker may wait for a request of this thread's.
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

    /// Ends it, and unpins everything. Linux's `hfi1_user_sdma_free_queues()`.
    ///
    /// # Context
    ///
    /// May sleep. No request is under way: they borrow the queue.
    pub fn free(self, cx: &mut Sleepable) {
        self.cache.unregister(cx);
    }
}

/// Requests that are under way are in the way of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Busy {
    /// As many requests are under way as can be.
    #[non_exhaustive]
    Requests {
        /// How many that is.
        at_most: usize,
    },
    /// The cache is full of buffers that requests use.
    Cache,
    /// A buffer that has an address in common cannot leave the cache: too many wait to be released.
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
