//! Tombstones mark entries of a list as removed while they are still in the list. The version clock orders removals and calls.
//!
//! A removal can happen in a section, so it can neither wait nor change the list. It writes the next version of the list into
//! the entry's tombstone, and moves the clock to that version. A call of the list reads the clock once, when it begins. It takes
//! an entry as live if the tombstone has a later version than that, or none.
//!
//! So a call of two parts, such as the start and the end of an invalidation, finds the same entries live in both parts,
//! whatever is removed in between.

use core::fmt;
use core::mem;
use core::ops::Deref;
use std::sync::Arc;

use crate::cache_padded::CachePadded;
use crate::primitive::{AtomicU64, Ordering};
use crate::section::Section;
use crate::sync::SpinLock;
use crate::token::NonBlock;

/// The version in the tombstone of an entry that was not removed. It is later than every other version.
const NEVER: u64 = u64::MAX;

/// Tells whether an entry of a list was removed, and at which version. The entry and its remover share one.
///
/// # Context
///
/// Everything on it may be called anywhere.
///
/// # Examples
///
/// See [`VersionClock`].
#[derive(Debug)]
pub struct Tombstone {
    removed_at: AtomicU64,
}

/// The version of one list, or of several lists that are read together. Each removal makes a new version.
///
/// It is a version clock, as in software transactional memory (TL2). It also collects notes about the removals, in an `N`. The
/// next thread that changes the list takes the notes, and takes the removed entries off the list.
///
/// # Context
///
/// Everything on it may be called anywhere. It opens a section of its own for a few instructions.
///
/// # Examples
///
/// ```
/// use nonblock::rcu::{Tombstone, VersionClock};
///
/// let clock = VersionClock::<u32>::new();
/// let tombstone = Tombstone::new();
///
/// let before = clock.now();
/// nonblock::non_block(|_nb| clock.remove(&tombstone, |removed, _nb| *removed += 1));
///
/// assert!(tombstone.is_live_at(before)); // for a call that began before
/// assert!(!tombstone.is_live_at(clock.now()));
/// assert_eq!(clock.take_notes(), (clock.now(), 1));
/// assert_eq!(clock.take_notes(), (clock.now(), 0));
/// ```
pub struct VersionClock<N> {
    now: CachePadded<AtomicU64>,
    /// Notes about entries that were removed and are still in the list. A removal takes the lock. A section may wait for it,
    /// since its holder cannot sleep.
    notes: SpinLock<N>,
}

impl<N: Default> VersionClock<N> {
    /// Makes a clock that stands at version 0.
    pub fn new() -> Self {
        Self { now: CachePadded::new(AtomicU64::new(0)), notes: SpinLock::new(N::default()) }
    }

    /// Returns the version. A thread that reads it sees every removal up to this version.
    #[inline]
    pub fn now(&self) -> u64 {
        // Pairs with the store in `remove`.
        self.now.load(Ordering::Acquire)
    }

    /// Marks an entry as removed from the next version on, moves the clock there, and notes the removal.
    ///
    /// If the entry was removed before, nothing happens. A tombstone belongs to one clock.
    ///
    /// # Arguments
    ///
    /// * `note`: adds to the notes that [`take_notes`](Self::take_notes) will return. It runs in a section, under a spin lock.
    ///
    /// # Panics
    ///
    /// If `note` panics. The entry is not removed then, and can be removed later. The notes stay as the closure left them.
    pub fn remove(&self, tombstone: &Tombstone, note: impl FnOnce(&mut N, &NonBlock)) {
        Section::run(|nb| {
            let mut notes = self.notes.lock(nb);
            if tombstone.removed_at.load(Ordering::Relaxed) != NEVER {
                // It was removed before, and stays so from that version on.
                return;
            }
            // If this panics, nothing was removed. Nobody takes the notes before the lock is released.
            note(&mut notes, nb);
            let version = self.now.load(Ordering::Relaxed) + 1;
            // The clock stands at `version - 1`, and only the holder of the lock moves it. So no call can have begun at
            // `version`. Every call that could have seen the entry without a mark finds it live after this store too.
            tombstone.removed_at.store(version, Ordering::Relaxed);
            // A thread that reads this version sees the mark.
            self.now.store(version, Ordering::Release);
        });
    }

    /// Takes the notes of all removals up to now, and returns them with the version: `(now, notes)`.
    ///
    /// A thread that takes the notes takes those entries off the list.
    pub fn take_notes(&self) -> (u64, N) {
        self.replace_notes(N::default())
    }

    /// As [`take_notes`](Self::take_notes), and leaves other notes in their place.
    ///
    /// Notes that own something can so be told that nobody will take them again, and that they need not own anything more.
    pub fn replace_notes(&self, notes: N) -> (u64, N) {
        Section::run(|nb| {
            let mut now = self.notes.lock(nb);
            (self.now.load(Ordering::Relaxed), mem::replace(&mut *now, notes))
        })
    }
}

impl<N: Default> Default for VersionClock<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N> fmt::Debug for VersionClock<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VersionClock").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Tombstone {
    /// Makes the tombstone of an entry that was not removed.
    #[must_use]
    pub fn new() -> Self {
        Self { removed_at: AtomicU64::new(NEVER) }
    }

    /// Returns whether the entry is live for a call that began at a version. The answer never changes.
    #[inline]
    pub fn is_live_at(&self, version: u64) -> bool {
        self.removed_at.load(Ordering::Relaxed) > version
    }
}

impl Default for Tombstone {
    fn default() -> Self {
        Self::new()
    }
}

/// A tombstone in a cache line of its own, apart from the count of its owners.
#[derive(Debug, Default)]
#[repr(align(64))]
struct InOwnLine(Tombstone);

/// A [`Tombstone`] that the entry of a list and its remover own together. Clones are the same tombstone.
///
/// The count of the owners lies in another cache line. So a thread that clones or drops one takes no cache line from readers.
///
/// # Context
///
/// Everything on it may be called anywhere. Making a new one allocates, and cloning it does not.
#[derive(Clone, Debug, Default)]
pub struct SharedTombstone(Arc<InOwnLine>);

impl SharedTombstone {
    /// Makes the tombstone of an entry that was not removed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the two are the same tombstone.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for SharedTombstone {
    type Target = Tombstone;

    #[inline]
    fn deref(&self) -> &Tombstone {
        &self.0.0
    }
}
