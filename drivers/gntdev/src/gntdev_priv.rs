//! The open device: its grant maps, and the callback.

use std::sync::Arc;

use nonblock::sync::{Mutex, SpinLock};
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::{Invalidate, PAGE_SIZE, Range};

use crate::error::MmapError;
use crate::grant_map::GrantMap;
use crate::hypervisor::{GrantRef, GrantedPage, Hypervisor};

/// What the driver has counted since the device was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Callbacks that did not refuse.
    pub invalidations: u64,
    /// Callbacks that refused: the maps were locked, or a page was mapped.
    pub refusals: u64,
}

/// The grant maps, which one lock guards.
#[derive(Debug, Default)]
struct Lists {
    maps: Vec<GrantMap>,
    /// The maps that were given up while the process still has them mapped.
    freeable_maps: Vec<GrantMap>,
    next_index: usize,
}

impl Lists {
    fn all(&mut self) -> impl Iterator<Item = &mut GrantMap> {
        self.maps.iter_mut().chain(&mut self.freeable_maps)
    }
}

/// The device, opened by one process. Linux's `struct gntdev_priv`.
#[derive(Debug)]
pub struct GntdevPriv {
    hypervisor: Arc<Hypervisor>,
    /// Held while waiting for the hypervisor. So a section only tries it.
    lock: Mutex<Lists>,
    counters: SpinLock<Counters>,
}

impl GntdevPriv {
    /// Opens the device.
    pub fn open(hypervisor: Arc<Hypervisor>) -> Self {
        Self { hypervisor, lock: Mutex::default(), counters: SpinLock::default() }
    }

    /// Makes a grant map, and returns its number. Linux's `gntdev_ioctl_map_grant_ref()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for the maps.
    pub fn map_grant_ref(&self, grants: &[GrantRef], cx: &mut Sleepable) -> usize {
        let mut lists = self.lock.lock(cx);
        let index = lists.next_index;
        lists.next_index += 1;
        lists.maps.push(GrantMap::new(index, grants.to_vec()));
        index
    }

    /// Gives up a grant map. The map stays as long as the process has it mapped. Linux's `gntdev_ioctl_unmap_grant_ref()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for the maps.
    ///
    /// # Errors
    ///
    /// If there is no such map.
    pub fn unmap_grant_ref(&self, index: usize, cx: &mut Sleepable) -> Result<(), MmapError> {
        let mut lists = self.lock.lock(cx);
        let found = lists.maps.iter().position(|map| map.index() == index);
        let map = lists.maps.remove(found.ok_or(MmapError::NoSuchMap { index })?);
        if map.vma().is_some() {
            lists.freeable_maps.push(map);
        }
        Ok(())
    }

    /// Maps a grant map into the process's memory. Linux's `gntdev_mmap()`.
    ///
    /// Call it with the process's memory lock held, so that no invalidation of the range is under way.
    ///
    /// # Arguments
    ///
    /// * `index`: the number of the map.
    /// * `range`: where to map it, of the map's length.
    ///
    /// # Context
    ///
    /// May sleep: waits for the maps.
    ///
    /// # Errors
    ///
    /// [`MmapError`], which says what was expected. Then nothing is mapped.
    pub fn mmap(&self, index: usize, range: Range, cx: &mut Sleepable) -> Result<(), MmapError> {
        let mut lists = self.lock.lock(cx);
        let found = lists.maps.iter_mut().find(|map| map.index() == index);
        let map = found.ok_or(MmapError::NoSuchMap { index })?;
        if let Some(at) = map.vma() {
            return Err(MmapError::Mapped { index, at: *at });
        }
        let pages = map.count();
        if range.len() != pages * PAGE_SIZE {
            return Err(MmapError::Length { range, pages });
        }
        map.map_grant_pages(&self.hypervisor, range, cx);
        Ok(())
    }

    /// Handles that the process has unmapped a grant map. Linux's `gntdev_vma_close()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for the maps, and for the hypervisor.
    ///
    /// # Errors
    ///
    /// If there is no such map.
    pub fn vma_close(&self, index: usize, cx: &mut Sleepable) -> Result<(), MmapError> {
        let mut lists = self.lock.lock(cx);
        let found = lists.all().find(|map| map.index() == index);
        found.ok_or(MmapError::NoSuchMap { index })?.close(&self.hypervisor, cx);
        lists.freeable_maps.retain(|map| map.vma().is_some());
        Ok(())
    }

    /// Returns the granted page that is mapped at an address.
    ///
    /// # Context
    ///
    /// May sleep: waits for the maps.
    pub fn page(&self, address: usize, cx: &mut Sleepable) -> Option<Arc<GrantedPage>> {
        self.lock.lock(cx).all().find_map(|map| map.page(address).cloned())
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.counters.with(cx, |counters, _nb| *counters)
    }

    /// Linux's `mn_invl_range_start()`.
    fn mn_invl_range_start<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        // `mutex_lock()`, or `mutex_trylock()` and `-EAGAIN`.
        let mut lists = self.lock.acquire(cx)?;
        lists.all().try_for_each(|map| map.unmap_if_in_range(&self.hypervisor, range, cx))
    }
}

impl Invalidate for GntdevPriv {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let outcome = self.mn_invl_range_start(range, cx);
        self.counters.with(cx, |counters, _nb| match outcome {
            Ok(()) => counters.invalidations += 1,
            Err(_) => counters.refusals += 1,
        });
        outcome
    }

    /// Linux's `mn_release()`.
    fn on_release(&self, cx: &mut Sleepable) {
        let mut lists = self.lock.lock(cx);
        lists.all().for_each(|map| map.close(&self.hypervisor, cx));
        lists.freeable_maps.clear();
    }
}
