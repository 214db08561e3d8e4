//! The hypervisor: it knows which granted pages are mapped, and unmaps them in batches.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use nonblock::sync::{Completion, RwLock, RwLockReadGuard, SpinLock};
use nonblock::work::Queue;
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::Range;

/// The number by which another domain grants one of its pages.
pub type GrantRef = u32;

/// The mapped grants, by their addresses.
type Mapped = Arc<SpinLock<BTreeMap<usize, GrantRef>>>;

/// A page of another domain that is mapped at an address of the process.
#[derive(Debug)]
pub struct GrantedPage {
    reference: GrantRef,
    address: usize,
    /// Whether it is mapped. A user of the page holds the lock for reading. The hypervisor takes it for writing to unmap the
    /// page.
    mapped: RwLock<bool>,
}

impl GrantedPage {
    /// Returns the number by which the page was granted.
    pub fn reference(&self) -> GrantRef {
        self.reference
    }

    /// Keeps the page mapped while it is used, for example by a transfer. Returns `None` if it is already unmapped. Linux's
    /// `get_page()`.
    ///
    /// # Context
    ///
    /// May sleep: waits while the page is being unmapped.
    pub fn get(&self, cx: &mut Sleepable) -> Option<PageUse<'_>> {
        let mapped = self.mapped.read(cx);
        (*mapped).then_some(PageUse { _mapped: mapped })
    }
}

/// A use of a granted page, until this is dropped. The hypervisor waits for that before it unmaps the page.
#[derive(Debug)]
#[must_use = "the use ends when this is dropped"]
pub struct PageUse<'a> {
    _mapped: RwLockReadGuard<'a, bool>,
}

/// A batch of pages to unmap, and the completion that tells when it is done. Linux's `struct gntab_unmap_queue_data`.
struct UnmapRefs {
    pages: Vec<Arc<GrantedPage>>,
    done: Arc<Completion>,
}

/// The part of the hypervisor that handles grants. Its thread ends when this is dropped.
#[derive(Debug)]
pub struct Hypervisor {
    mapped: Mapped,
    unmaps: Queue<UnmapRefs>,
}

impl Hypervisor {
    /// How many batches can wait to be unmapped.
    const BATCHES: usize = 16;

    /// Starts the hypervisor.
    ///
    /// # Context
    ///
    /// May sleep, since it starts a thread. It takes no token, like [`Queue::worker`].
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
                // Waits until the page is no longer used.
                let mut mapped = page.mapped.write(cx);
                *mapped = false;
                table.with(cx, |table, _nb| table.remove(&page.address));
            }
            batch.done.complete();
        })?;
        Ok(Self { mapped, unmaps })
    }

    /// Maps one granted page at an address. Linux's `gnttab_map_refs()`.
    ///
    /// # Context
    ///
    /// May sleep, since it allocates.
    pub fn map_ref(
        &self,
        reference: GrantRef,
        address: usize,
        cx: &mut Sleepable,
    ) -> Arc<GrantedPage> {
        self.mapped.with(cx, |mapped, _nb| mapped.insert(address, reference));
        Arc::new(GrantedPage { reference, address, mapped: RwLock::new(true) })
    }

    /// Unmaps a batch of pages. Waits until the pages are no longer used and the hypervisor has unmapped them.
    ///
    /// Linux's `gnttab_unmap_refs_sync()` (`drivers/xen/grant-table.c`, 4.19), which waits for a completion too.
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
