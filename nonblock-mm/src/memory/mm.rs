//! A process's memory: its mappings, the lock on them, and the address space whose drivers mirror them.

use core::fmt;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::rcu::{Rcu, Writer, ends_are_deferred};
use nonblock::sync::{Mutex, MutexGuard};

use super::error::{AccessError, MapError, ResidentError};
use super::mapping::Mapping;
use crate::mmu::{AddressSpace, Event, Range};

/// The mappings, in the order in which they were made.
type Mappings = Arc<[Arc<Mapping>]>;

/// The memory of a process: its mappings, the lock under which they change, and the address space whose notifiers are told of
/// the changes. A [`Reaper`](crate::oom::Reaper) takes this memory from its victim.
///
/// Named after Linux's `struct mm_struct` (`include/linux/mm_types.h`, 6.12), which kernel code calls `mm`. Its memory lock
/// corresponds to `mmap_lock`: it is held to map and unmap, also while waiting for drivers, and a reaper only tries it. As in
/// Linux, the lock is not needed to touch memory or to read how much is resident.
///
/// # Context
///
/// Each method says whether it may sleep. Dropping this unmaps all mappings, which may sleep, and calls no driver. If there
/// are drivers, call [`release`](Mm::release) first.
///
/// # Examples
///
/// See the [module](super).
pub struct Mm {
    name: String,
    space: AddressSpace,
    mappings: Rcu<Mappings>,
    // Guards changes of `mappings`, and what the owner does between a start and an end call.
    lock: Mutex<()>,
}

/// Does not take the memory lock, which may be held for a long time.
impl fmt::Debug for Mm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mm")
            .field("name", &self.name)
            .field("space", &self.space)
            .field("ranges", &self.ranges())
            .finish_non_exhaustive()
    }
}

impl Default for Mm {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl Mm {
    /// Makes the memory of a process without mappings and without a name.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn new() -> Self {
        Self::named("unnamed")
    }

    /// Makes the memory of a process without mappings. A reaper's reports show the name, as Linux's reports show a task's
    /// `comm`.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            space: AddressSpace::new(),
            mappings: Rcu::new(Mappings::default()),
            lock: Mutex::new(()).in_class("memory lock"),
        }
    }

    /// Returns the name.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address space, to which drivers subscribe.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn space(&self) -> &AddressSpace {
        &self.space
    }

    /// Maps `len` bytes. None of them is resident before it is touched.
    ///
    /// # Arguments
    ///
    /// * `len`: in bytes; see [`Mapping::new`].
    ///
    /// # Context
    ///
    /// May sleep: it waits for the memory lock.
    ///
    /// # Errors
    ///
    /// [`MapError`], which says what was expected of the length.
    #[track_caller]
    pub fn map(&self, len: usize, cx: &mut Sleepable) -> Result<Range, MapError> {
        let _lock = self.lock.lock(cx);
        let mapping = Mapping::new(len, cx)?;
        let range = mapping.range();
        let mut writer = self.mappings.write(cx);
        let with_it = writer.current().iter().cloned().chain([Arc::new(mapping)]).collect();
        writer.publish(with_it);
        writer.collect(cx);
        Ok(range)
    }

    /// Unmaps a range that [`map`](Mm::map) returned. First takes it from the drivers, and waits for them with the memory lock
    /// held.
    ///
    /// # Context
    ///
    /// May sleep: it waits for the memory lock, for the drivers, and for threads that are touching the mapping.
    ///
    /// # Errors
    ///
    /// If the range is not exactly that of a mapping, or if the kernel refuses to take its pages. Then it stays mapped.
    #[track_caller]
    pub fn unmap(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _lock = self.lock.lock(cx);
        let found = self.mappings.read().iter().find(|mapping| mapping.range() == *range).cloned();
        let mapping = found.ok_or(AccessError::NotMapped { range: *range })?;
        let invalidation = self.space.invalidate(*range, Event::Unmap, cx);
        mapping.zap(range, cx)?;
        drop(invalidation);
        let mut writer = self.mappings.write(cx);
        let others = writer.current().iter().filter(|other| !Arc::ptr_eq(other, &mapping));
        let without_it = others.cloned().collect();
        writer.publish(without_it);
        self.free(writer, cx);
        Ok(())
    }

    /// Brings every page of a range into memory.
    ///
    /// This brings back pages that a reaper took, empty. Linux would kill the process that touches such a page.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do. Does not take the memory lock.
    ///
    /// # Errors
    ///
    /// If the range is not within one mapping.
    #[track_caller]
    pub fn touch(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let mappings = self.mappings.read();
        let mapping = mappings.iter().find(|mapping| mapping.range().overlaps(range));
        mapping.ok_or(AccessError::NotMapped { range: *range })?.touch_range(range, cx)
    }

    /// Returns how many bytes of all mappings are resident, as the kernel tells it for each page.
    ///
    /// # Context
    ///
    /// May sleep, as it reads a file. Does not take the memory lock.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell it.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ResidentError> {
        let mappings = self.mappings.read();
        let mut resident = 0;
        for mapping in mappings.iter() {
            resident += mapping.resident(cx)?;
        }
        Ok(resident)
    }

    /// Returns the mapped ranges, in the order in which they were mapped.
    ///
    /// # Context
    ///
    /// Does not sleep. Does not take the memory lock, so the mappings may change before the caller uses the result.
    pub fn ranges(&self) -> Vec<Range> {
        self.ranges_of(|_| true)
    }

    /// Returns the ranges of the chosen mappings.
    pub(crate) fn ranges_of(&self, chosen: impl Fn(&Arc<Mapping>) -> bool) -> Vec<Range> {
        let mappings = self.mappings.read();
        mappings.iter().filter(|mapping| chosen(mapping)).map(|mapping| mapping.range()).collect()
    }

    /// Ends the memory, because the process is gone: tells the drivers, unsubscribes them, and unmaps everything.
    ///
    /// Mirrors Linux's `exit_mmap()` (`mm/mmap.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: it waits for the drivers, for the memory lock, and for threads that are touching a mapping.
    #[track_caller]
    pub fn release(&self, cx: &mut Sleepable) {
        self.space.release(cx);
        let _lock = self.lock.lock(cx);
        let mut writer = self.mappings.write(cx);
        writer.publish(Mappings::default());
        self.free(writer, cx);
    }

    /// Waits for the memory lock and takes it. Nothing is mapped or unmapped while the guard is held.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn lock(&self, cx: &mut Sleepable) -> MmGuard<'_> {
        self.guard(self.lock.lock(cx))
    }

    /// Takes the memory lock if it is free. A reaper uses this.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn try_lock(&self) -> Option<MmGuard<'_>> {
        self.lock.try_lock().map(|lock| self.guard(lock))
    }

    /// Frees the mappings that were taken off the list, once no thread touches them.
    ///
    /// A thread in a callback cannot wait for that. Then the next change of the list frees them.
    #[track_caller]
    fn free(&self, writer: Writer<'_, Mappings>, cx: &mut Sleepable) {
        let period = writer.grace_period();
        writer.collect(cx);
        if !ends_are_deferred() {
            self.mappings.synchronize_since(cx, period);
        }
    }

    fn guard<'a>(&'a self, lock: MutexGuard<'a, ()>) -> MmGuard<'a> {
        MmGuard { mappings: self.mappings.read().clone(), _lock: lock }
    }
}

/// The memory lock of an [`Mm`], held.
///
/// # Context
///
/// It may be held across a sleep, and that is why a reaper only tries it. Dropping it does not sleep.
#[derive(Debug)]
#[must_use = "the lock is released at once if its guard is not kept: bind it to a name, since `let _` releases it too"]
pub struct MmGuard<'a> {
    // A clone of the list in the `Mm`, which changes only under the lock. So this is never the last owner of a mapping.
    mappings: Mappings,
    _lock: MutexGuard<'a, ()>,
}

impl MmGuard<'_> {
    /// Returns the mappings, in the order in which they were made.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn mappings(&self) -> impl ExactSizeIterator<Item = &Mapping> {
        self.mappings.iter().map(|mapping| &**mapping)
    }

    /// Returns the mappings as `Arc`s, for a caller that keeps some of them.
    pub(crate) fn shared(&self) -> &[Arc<Mapping>] {
        &self.mappings
    }
}
