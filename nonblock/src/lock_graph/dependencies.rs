//! Dependencies between classes: each is kept once, and found by a load.

use super::classes::ClassId;
use super::tables::places_of;
use crate::once_cell::OnceCell;
use crate::primitive::{
    AtomicBool, AtomicU32, AtomicU64, MAX_CLASSES, MAX_DEPENDENCIES, Ordering, fence,
};
use crate::violation::{DependencyKind, Place, ThreadTag};

/// How many places there are for the keys of dependencies, so that half of them stay free.
const INDEX: usize = 2 * MAX_DEPENDENCIES;

/// How something is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By one.
    Exclusive,
    /// By readers, who wait for a writer that waits.
    Shared,
    /// By readers, who wait only for a writer that has it.
    RecursiveShared,
    /// By the one reader who may become the writer.
    Upgradable,
    /// By that reader, who becomes the writer, and waits for the other readers.
    Upgrade,
}

impl Mode {
    /// Whether a thread that has it in this mode and wants it in the other waits for itself.
    pub(super) fn conflicts(self, wanted: Self) -> bool {
        self == Self::Exclusive || wanted != Self::RecursiveShared
    }
}

/// How a dependency came about, as far as it matters for circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort(u8);

impl Sort {
    const FROM_SHARED: u8 = 1;
    const ON_RECURSIVE: u8 = 2;
    const WITHIN: u8 = 4;
    const COMPLETED: u8 = 8;
    const FROM_UPGRADABLE: u8 = 16;
    const ON_UPGRADE: u8 = 32;

    pub(super) fn new(kind: DependencyKind, from: Mode, on: Mode) -> Self {
        let from = match from {
            Mode::Exclusive | Mode::Upgrade => 0,
            Mode::Shared | Mode::RecursiveShared => Self::FROM_SHARED,
            Mode::Upgradable => Self::FROM_SHARED | Self::FROM_UPGRADABLE,
        };
        let on = match on {
            Mode::Exclusive | Mode::Shared | Mode::Upgradable => 0,
            Mode::RecursiveShared => Self::ON_RECURSIVE,
            Mode::Upgrade => Self::ON_UPGRADE,
        };
        let kind = match kind {
            DependencyKind::Held => 0,
            DependencyKind::Within => Self::WITHIN,
            DependencyKind::Completed => Self::COMPLETED,
        };
        Self(from | on | kind)
    }

    pub(super) const fn kind(self) -> DependencyKind {
        match self.0 & (Self::WITHIN | Self::COMPLETED) {
            0 => DependencyKind::Held,
            Self::WITHIN => DependencyKind::Within,
            _ => DependencyKind::Completed,
        }
    }

    /// Whom the holder of what depends holds up.
    pub(super) const fn holds_up(self, waiter: Waiter) -> bool {
        match waiter {
            Waiter::Any => true,
            Waiter::RecursiveReader => self.0 & Self::FROM_SHARED == 0,
            Waiter::Upgrade => {
                self.0 & (Self::FROM_SHARED | Self::FROM_UPGRADABLE) == Self::FROM_SHARED
            }
        }
    }

    /// Who waits for what it depends on.
    pub(super) const fn waiter(self) -> Waiter {
        match self.0 & (Self::ON_RECURSIVE | Self::ON_UPGRADE) {
            0 => Waiter::Any,
            Self::ON_RECURSIVE => Waiter::RecursiveReader,
            _ => Waiter::Upgrade,
        }
    }

    /// What matters for circles of objects of one class, in four bits.
    pub(super) const fn modes(self) -> u8 {
        (self.0 & (Self::FROM_SHARED | Self::ON_RECURSIVE))
            | (self.0 & (Self::FROM_UPGRADABLE | Self::ON_UPGRADE)) >> 2
    }

    /// The dependency with these modes.
    pub(super) const fn from_modes(modes: u8) -> Self {
        let low = Self::FROM_SHARED | Self::ON_RECURSIVE;
        Self((modes & low) | (modes << 2 & (Self::FROM_UPGRADABLE | Self::ON_UPGRADE)))
    }
}

/// Who waits for something, as far as not every holder holds them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiter {
    /// Every holder holds it up, readers by a writer that comes between.
    Any,
    /// Readers do not hold it up.
    RecursiveReader,
    /// It is the upgradable reader itself: only the other readers hold it up.
    Upgrade,
}

impl Waiter {
    /// How many there are, or a few more: a power of two.
    pub(super) const COUNT: usize = 4;

    pub(super) const ALL: [Self; 3] = [Self::Any, Self::RecursiveReader, Self::Upgrade];
}

/// One dependency, as it was first seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: ClassId,
    pub(super) on: ClassId,
    pub(super) sort: Sort,
    pub(super) since: Place,
    pub(super) place: Place,
    pub(super) thread: ThreadTag,
}

impl Edge {
    const fn key(&self) -> u64 {
        key(self.from, self.on, self.sort)
    }
}

/// Never 0, by its highest bit.
const fn key(from: ClassId, on: ClassId, sort: Sort) -> u64 {
    1 << 63 | (from.number() as u64) << 32 | (on.number() as u64) << 8 | sort.0 as u64
}

/// The place of a dependency in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EdgeId(u32);

/// What became of a dependency.
pub(super) enum Seen {
    /// It has been seen before, by this thread or by several.
    Before,
    /// It has been seen before, but never by two threads.
    BySecondThread(EdgeId),
    /// It is new.
    New(EdgeId),
    /// There is no room for it.
    NoRoom,
}

/// All dependencies.
pub(super) struct Edges {
    /// A key, at the first free place from its hash on. 0: free.
    keys: [AtomicU64; INDEX],
    /// One more than the number of the dependency that has the key. 0: it is not there yet.
    numbers: [AtomicU32; INDEX],
    /// How many numbers were given away.
    len: AtomicU32,
    entries: [OnceCell<Edge>; MAX_DEPENDENCIES],
    seen_by_two: [AtomicBool; MAX_DEPENDENCIES],
    /// Whether what it depends on was shown not to be needed.
    is_void: [AtomicBool; MAX_DEPENDENCIES],
    /// One more than the number of the next dependency of the same class. 0: there is none.
    next: [AtomicU32; MAX_DEPENDENCIES],
    /// One more than the number of the first dependency of each class. 0: there is none.
    first: [AtomicU32; MAX_CLASSES],
}

impl Edges {
    #[expect(clippy::large_stack_arrays, reason = "it is for a static alone")]
    pub(super) const fn new() -> Self {
        Self {
            keys: [const { AtomicU64::new(0) }; INDEX],
            numbers: [const { AtomicU32::new(0) }; INDEX],
            len: AtomicU32::new(0),
            entries: [const { OnceCell::empty() }; MAX_DEPENDENCIES],
            seen_by_two: [const { AtomicBool::new(false) }; MAX_DEPENDENCIES],
            is_void: [const { AtomicBool::new(false) }; MAX_DEPENDENCIES],
            next: [const { AtomicU32::new(0) }; MAX_DEPENDENCIES],
            first: [const { AtomicU32::new(0) }; MAX_CLASSES],
        }
    }

    /// Returns how many dependencies there are.
    pub(super) fn len(&self) -> usize {
        (self.len.load(Ordering::Relaxed) as usize).min(MAX_DEPENDENCIES)
    }

    pub(super) fn get(&self, id: EdgeId) -> Option<Edge> {
        self.entries.get(id.0 as usize)?.get()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Edge> {
        let ids = (0..self.len()).filter_map(|number| u32::try_from(number).ok()).map(EdgeId);
        ids.filter(|id| !self.is_void(*id)).filter_map(|id| self.get(id))
    }

    pub(super) fn is_seen_by_two(&self, id: EdgeId) -> bool {
        self.seen_by_two.get(id.0 as usize).is_some_and(|seen| seen.load(Ordering::Relaxed))
    }

    /// Returns the dependencies of a class on others, without those that are void.
    pub(super) fn of(&self, class: ClassId) -> impl Iterator<Item = (EdgeId, Edge)> {
        self.all_of(class).filter(|(id, _)| !self.is_void(*id))
    }

    fn is_void(&self, id: EdgeId) -> bool {
        self.is_void.get(id.0 as usize).is_some_and(|is_void| is_void.load(Ordering::Relaxed))
    }

    /// Takes back what something was thought to need in order to come about, but for what a condition holds for.
    pub(super) fn keep_needed(&self, class: ClassId, is_needed: impl Fn(ClassId) -> bool) {
        let unneeded = self.all_of(class).filter(|(_, edge)| {
            edge.sort.kind() == DependencyKind::Completed && !is_needed(edge.on)
        });
        for (id, _) in unneeded {
            if let Some(is_void) = self.is_void.get(id.0 as usize) {
                is_void.store(true, Ordering::Relaxed);
            }
        }
    }

    fn all_of(&self, class: ClassId) -> impl Iterator<Item = (EdgeId, Edge)> {
        let mut next =
            self.first.get(class.index()).map_or(0, |first| first.load(Ordering::Acquire));
        core::iter::from_fn(move || {
            let id = EdgeId(next.checked_sub(1)?);
            next = self.next.get(id.0 as usize)?.load(Ordering::Acquire);
            Some((id, self.get(id)?))
        })
    }

    /// Returns whether a dependency has been seen, and its place in the table or the first free one.
    #[inline]
    fn find(&self, key: u64) -> Option<(bool, usize)> {
        places_of(key, INDEX).find_map(|place| {
            let found = self.keys.get(place)?.load(Ordering::Relaxed);
            (found == key || found == 0).then_some((found == key, place))
        })
    }

    /// Returns whether a dependency has been seen, whoever saw it.
    #[inline]
    pub(super) fn is_known(&self, from: ClassId, on: ClassId, sort: Sort) -> bool {
        self.find(key(from, on, sort)).is_some_and(|(is_known, _)| is_known)
    }

    /// Notes a dependency.
    pub(super) fn see(&self, edge: Edge) -> Seen {
        // So that the table never fills up, and keys are not claimed that nobody can use.
        if self.len() >= MAX_DEPENDENCIES {
            return Seen::NoRoom;
        }
        let key = edge.key();
        loop {
            let Some((is_known, place)) = self.find(key) else { return Seen::NoRoom };
            let (Some(slot), Some(number)) = (self.keys.get(place), self.numbers.get(place)) else {
                return Seen::NoRoom;
            };
            if is_known {
                return self.seen_again(number, &edge);
            }
            if slot.compare_exchange(0, key, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return self.add(edge, number);
            }
        }
    }

    fn seen_again(&self, number: &AtomicU32, edge: &Edge) -> Seen {
        let Some(id) = number.load(Ordering::Acquire).checked_sub(1).map(EdgeId) else {
            // The thread that puts it there looks for a circle when it has.
            return Seen::Before;
        };
        if self.is_void(id) {
            return Seen::Before;
        }
        let is_other = self.get(id).is_some_and(|first| first.thread.number != edge.thread.number);
        let second = self.seen_by_two.get(id.0 as usize);
        if is_other && second.is_some_and(|seen| !seen.swap(true, Ordering::SeqCst)) {
            return Seen::BySecondThread(id);
        }
        Seen::Before
    }

    fn add(&self, edge: Edge, number: &AtomicU32) -> Seen {
        let id = EdgeId(self.len.fetch_add(1, Ordering::Relaxed));
        let at = id.0 as usize;
        let (Some(cell), Some(next), Some(first)) =
            (self.entries.get(at), self.next.get(at), self.first.get(edge.from.index()))
        else {
            return Seen::NoRoom;
        };
        cell.get_or_set(edge);
        number.store(id.0.wrapping_add(1), Ordering::Release);
        let mut head = first.load(Ordering::Relaxed);
        loop {
            next.store(head, Ordering::Relaxed);
            let new = id.0.wrapping_add(1);
            match first.compare_exchange(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => {
                    // Of two threads that add dependencies at once, and then look for circles, one sees both.
                    fence(Ordering::SeqCst);
                    return Seen::New(id);
                }
                Err(other) => head = other,
            }
        }
    }
}
