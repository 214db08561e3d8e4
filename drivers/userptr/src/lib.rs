//! A GPU-style driver that mirrors user memory in a page table of its own.
//!
//! The table is behind a [`Mutex`], since jobs hold it while they wait for memory. Its bounds and the counters are behind a
//! [`SpinLock`], since the callbacks of a reaper use them too. One callback serves both modes: it waits for the table if the
//! caller may sleep, and refuses in a section.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use nonblock_mm::mmu::{AddressSpace, Event, Range};
//! use userptr::Userptr;
//!
//! let space = AddressSpace::new();
//! let gpu = Arc::new(Userptr::new("gpu0"));
//! let range = Range::with_len(0x10_0000, 16 * 4096).unwrap();
//!
//! nonblock::sleepable(|cx| {
//!     let subscription = space.subscribe(gpu.clone(), cx).unwrap();
//!     gpu.map(range, cx);
//!     assert_eq!(gpu.mapped(cx), 16);
//!
//!     drop(space.try_invalidate(range, Event::Unmap, cx).expect("the table is free"));
//!     assert_eq!(gpu.mapped(cx), 0);
//!     subscription.unsubscribe(cx);
//! });
//! ```

mod shadow_table;

use nonblock::sync::{Mutex, SpinLock};
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{Invalidate, Range};

pub use shadow_table::ShadowTable;

/// What the driver has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Callbacks that took a range from the device.
    pub invalidations: u64,
    /// Callbacks that refused, because the table was locked.
    pub refusals: u64,
    /// Invalidations that ended, of any range.
    pub finished: u64,
    /// Pages that callbacks took from the device.
    pub pages_unmapped: u64,
}

/// What callbacks use without the table.
#[derive(Debug, Default)]
struct Shared {
    /// The lowest start and the highest end of the ranges that were mapped since the table was last empty.
    bounds: Option<(usize, usize)>,
    counters: Counters,
}

impl Shared {
    fn widen(&mut self, range: &Range) {
        let (start, end) = self.bounds.unwrap_or((range.start(), range.end()));
        self.bounds = Some((start.min(range.start()), end.max(range.end())));
    }

    fn meets(&self, range: &Range) -> bool {
        self.bounds.is_some_and(|(start, end)| range.start() < end && start < range.end())
    }
}

/// One device that mirrors one process's memory.
#[derive(Debug)]
pub struct Userptr {
    name: String,
    table: Mutex<ShadowTable>,
    shared: SpinLock<Shared>,
}

impl Userptr {
    /// Makes a device that mirrors nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            table: Mutex::new(ShadowTable::default()),
            shared: SpinLock::new(Shared::default()),
        }
    }

    /// Returns the device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets the device reach the pages of a range. Returns how many were not mapped before.
    ///
    /// # Context
    ///
    /// May sleep: waits for the table.
    pub fn map(&self, range: Range, cx: &mut Sleepable) -> usize {
        let mut table = self.table.lock(cx);
        // Before the pages are mapped, since a callback ignores a range outside the bounds.
        self.shared.with(cx, |shared, _nb| shared.widen(&range));
        table.map(&range)
    }

    /// Returns how many pages the device can reach.
    ///
    /// # Context
    ///
    /// May sleep: waits for the table.
    pub fn mapped(&self, cx: &mut Sleepable) -> usize {
        self.table.lock(cx).len()
    }

    /// Runs a job that holds the table, and may sleep meanwhile, for example to allocate memory.
    ///
    /// Because of this, a reaper that waits for the driver can deadlock.
    ///
    /// # Context
    ///
    /// May sleep, and so may the job, which is given the token.
    pub fn job<R>(
        &self,
        cx: &mut Sleepable,
        job: impl FnOnce(&mut ShadowTable, &mut Sleepable) -> R,
    ) -> R {
        let mut table = self.table.lock(cx);
        job(&mut table, cx)
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.shared.with(cx, |shared, _nb| shared.counters)
    }
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        // The device mirrors nothing of the range, so there is no reason to wait or to refuse.
        if !self.shared.with(cx, |shared, _nb| shared.meets(range)) {
            return Ok(());
        }
        let mut table = match self.table.acquire(cx) {
            Ok(table) => table,
            Err(refusal) => {
                self.shared.with(cx, |shared, _nb| shared.counters.refusals += 1);
                return Err(refusal);
            }
        };
        let unmapped = table.unmap(range);
        let empty = table.is_empty();
        self.shared.with(cx, |shared, _nb| {
            shared.counters.invalidations += 1;
            shared.counters.pages_unmapped += unmapped as u64;
            if empty {
                shared.bounds = None;
            }
        });
        Ok(())
    }

    fn finish(&self, _range: &Range, nb: &mut NonBlock) {
        self.shared.lock(nb).counters.finished += 1;
    }

    fn on_release(&self, cx: &mut Sleepable) {
        let mut table = self.table.lock(cx);
        table.clear();
        self.shared.with(cx, |shared, _nb| shared.bounds = None);
    }
}
