//! A process's memory: its mappings, the lock on them, and who mirrors them.

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

/// The memory of a process: mappings, the lock under which they come and go, and the address space whose
/// notifiers are told of it. What a [`Reaper`](crate::oom::Reaper) takes from its victim.
///
/// Named for Linux's `struct mm_struct` (`include/linux/mm_types.h`, 6.12), which everybody there calls `mm`. Its lock is the twin
/// of `mmap_lock`: who maps and unmaps holds it, and waits for drivers meanwhile; a reaper only tries it. As there, the
/// lock is needed neither to touch memory nor to look at what is resident.
///
/// # Context
///
/// Every use may sleep, except [`try_lock`](Mm::try_lock) and [`space`](Mm::space). Dropping it unmaps what is mapped,
/// which may sleep, and calls no driver; call [`release`](Mm::release) first where there are any.
///
/// # Examples
///
/// See the [module](super).
pub struct Mm {
    name: String,
    space: AddressSpace,
    mappings: Rcu<Mappings>,
    // Guards changes of `mappings`, and what the owner does between a start and an end.
    lock: Mutex<()>,
}

/// Without the memory lock: whoever writes it may wait for as long as it likes.
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
    fn default() -> Self {
        Self::new()
    }
}

impl Mm {
    /// Makes the memory of a process that has mapped nothing, and has no name.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn new() -> Self {
        Self::named("unnamed")
    }

    /// Makes the memory of a process that has mapped nothing. A reaper's reports tell the name, as Linux's do a task's
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
            lock: Mutex::new(()),
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

    /// Returns the address space: drivers subscribe to it.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn space(&self) -> &AddressSpace {
        &self.space
    }

    /// Maps so many bytes. None of them is resident before it is touched.
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
        writer.collect();
        Ok(range)
    }

    /// Unmaps what [`map`](Mm::map) returned: takes it from the drivers first, waiting for them, under the memory lock.
    ///
    /// # Context
    ///
    /// May sleep: it waits for the memory lock, for the drivers, and for those who are touching the mapping.
    ///
    /// # Errors
    ///
    /// If the range is not exactly that of a mapping, or the kernel would not take its pages; it stays mapped
    /// then.
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
    /// Pages that a reaper took come back by this, where Linux would kill the process that touches them.
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

    /// Returns how many bytes of all mappings are resident, page by page as the kernel tells it.
    ///
    /// # Context
    ///
    /// May sleep, as it reads a file. Does not take the memory lock.
    ///
    /// # Errors
    ///
    /// If the kernel does not say.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ResidentError> {
        let mappings = self.mappings.read();
        let mut resident = 0;
        for mapping in mappings.iter() {
            resident += mapping.resident(cx)?;
        }
        Ok(resident)
    }

    /// Returns what is mapped now, in the order in which it was.
    ///
    /// # Context
    ///
    /// Does not sleep. Does not take the memory lock, so it may have changed when the caller looks.
    pub fn ranges(&self) -> Vec<Range> {
        self.ranges_of(|_| true)
    }

    /// Returns where those mappings are that are chosen.
    pub(crate) fn ranges_of(&self, chosen: impl Fn(&Arc<Mapping>) -> bool) -> Vec<Range> {
        let mappings = self.mappings.read();
        mappings.iter().filter(|mapping| chosen(mapping)).map(|mapping| mapping.range()).collect()
    }

    /// The process is gone: tells the drivers, unsubscribes them, and unmaps everything.
    ///
    /// Mirrors Linux's `exit_mmap()` (`mm/mmap.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep: it waits for the drivers, for the memory lock, and for those who are touching a mapping.
    #[track_caller]
    pub fn release(&self, cx: &mut Sleepable) {
        self.space.release(cx);
        let _lock = self.lock.lock(cx);
        let mut writer = self.mappings.write(cx);
        writer.publish(Mappings::default());
        self.free(writer, cx);
    }

    /// Waits for the memory lock, and takes it: nothing is mapped or unmapped while the guard is held.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn lock(&self, cx: &mut Sleepable) -> MmGuard<'_> {
        self.guard(self.lock.lock(cx))
    }

    /// Takes the memory lock if it is free, as a reaper must.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn try_lock(&self) -> Option<MmGuard<'_>> {
        self.lock.try_lock().map(|lock| self.guard(lock))
    }

    /// Frees the mappings that were taken off the list, when nobody touches them any more.
    ///
    /// A thread in a callback cannot wait for that: then they are freed by the next change of the list.
    #[track_caller]
    fn free(&self, writer: Writer<'_, Mappings>, cx: &mut Sleepable) {
        let period = writer.grace_period();
        writer.collect();
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
/// It may be held across a sleep, which is why a reaper only tries it. Dropping it does not sleep.
#[derive(Debug)]
#[must_use = "the lock is released at once if its guard is not kept: bind it to a name, since `let _` releases it too"]
pub struct MmGuard<'a> {
    // Those of the `Mm`, which change under the lock only: this is never their last owner.
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

    /// The same, to be kept hold of.
    pub(crate) fn shared(&self) -> &[Arc<Mapping>] {
        &self.mappings
    }
}
