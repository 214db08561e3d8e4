//! The hypervisor's side of it: which granted pages are mapped, and unmapping them in batches.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use nonblock::sync::{Completion, RwLock, RwLockReadGuard, SpinLock};
use nonblock::work::Queue;
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::Range;

/// The number by which another domain grants one of its pages.
pub type GrantRef = u32;

/// Where which granted page is mapped, by its address.
type Mapped = Arc<SpinLock<BTreeMap<usize, GrantRef>>>;

/// A page of another domain's that is mapped at an address of the process's.
#[derive(Debug)]
pub struct GrantedPage {
    reference: GrantRef,
    address: usize,
    /// Whether it is mapped. Read by whoever uses the page, and written by the hypervisor to take it away.
    mapped: RwLock<bool>,
}

impl GrantedPage {
    /// Returns the number by which the page was granted.
    pub fn reference(&self) -> GrantRef {
        self.reference
    }

    /// Keeps the page mapped while it is used, by a transfer for instance; `None` if it is unmapped already. Linux's
    /// `get_page()`.
    ///
    /// # Context
    ///
    /// May sleep, while the page is being unmapped.
    pub fn get(&self, cx: &mut Sleepable) -> Option<PageUse<'_>> {
        let mapped = self.mapped.read(cx);
        (*mapped).then_some(PageUse { _mapped: mapped })
    }
}

/// A use of a granted page, until it is dropped. The hypervisor waits for it before it unmaps the page.
#[derive(Debug)]
#[must_use = "the use ends when this is dropped"]
pub struct PageUse<'a> {
    _mapped: RwLockReadGuard<'a, bool>,
}

/// Pages to unmap, and who waits for that. Linux's `struct gntab_unmap_queue_data`.
struct UnmapRefs {
    pages: Vec<Arc<GrantedPage>>,
    done: Arc<Completion>,
}

/// The hypervisor, as far as grants go. Its thread ends when it is dropped.
#[derive(Debug)]
pub struct Hypervisor {
    mapped: Mapped,
    unmaps: Queue<UnmapRefs>,
}

impl Hypervisor {
    /// How many batches wait at most to be unmapped.
    const BATCHES: usize = 16;

    /// Starts it.
    ///
    /// # Context
    ///
    /// May sleep, since it starts a thread, but takes no token, as [`Queue::worker`].
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    #[track_caller]
    pub fn start() -> io::Result<Self> {
        let mapped = Mapped::default();
        let unmaps = Queue::with_capacity(Self::BATCHES);
        let table = Arc::clone(&mapped);
        unmaps.worker("hypervisor", move |batch: UnmapRefs, cx| {
            for page in &batch.pages {
                // Until nobody uses it any more.
                let mut mapped = page.mapped.write(cx);
                *mapped = false;
                table.with(cx, |table, _nb| table.remove(&page.address));
            }
            batch.done.complete();
        })?;
        Ok(Self { mapped, unmaps })
    }

    /// Maps a granted page at an address. Linux's `gnttab_map_refs()`, for one page.
    ///
    /// # Context
    ///
    /// May sleep, as it allocates.
    pub fn map_ref(
        &self,
        reference: GrantRef,
        address: usize,
        cx: &mut Sleepable,
    ) -> Arc<GrantedPage> {
        self.mapped.with(cx, |mapped, _nb| mapped.insert(address, reference));
        Arc::new(GrantedPage { reference, address, mapped: RwLock::new(true) })
    }

    /// Unmaps a batch of pages, and waits until nobody uses them and the hypervisor has done it.
    ///
    /// Linux's `gnttab_unmap_refs_sync()` (`drivers/xen/grant-table.c`, 4.19), which waits for a completion likewise.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn unmap_refs_sync(&self, pages: Vec<Arc<GrantedPage>>, cx: &mut Sleepable) {
        let done = Arc::new(Completion::new());
        let batch = UnmapRefs { pages, done: Arc::clone(&done) };
        self.unmaps.push_from(cx, batch).expect("the queue is closed with the hypervisor only");
        done.wait(cx);
    }

    /// Returns how many granted pages are mapped in a range.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn mapped<C: Context>(&self, range: &Range, cx: &mut C) -> usize {
        self.mapped.with(cx, |mapped, _nb| mapped.range(range.start()..range.end()).count())
    }
}
