//! Classes: what stands for all objects that were made at one place, or have one name.

use core::fmt;

use super::kind::Kind;
use super::tables::Hash;
use crate::once_cell::OnceCell;
use crate::primitive::{AtomicU8, AtomicU32, MAX_CLASSES, Ordering};
use crate::violation::{ClassName, Place};

/// Nobody has brought such a thing about yet.
const NEVER: u8 = 0;

/// Such a thing was brought about, each time with something held.
const COMPLETED: u8 = 1;

/// Such a thing was brought about with nothing held.
const NEEDS_NOTHING: u8 = 2;

/// How many places there are for the numbers of classes, so that half of them stay free.
const INDEX: usize = 2 * MAX_CLASSES;

/// How many classes there may be until an object whose place is in the standard library has no class of its own any more.
const OWN_CLASSES: usize = MAX_CLASSES / 2;

/// The number of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClassId(u32);

impl ClassId {
    /// What has no class: there were too many.
    pub(crate) const UNTRACKED: Self = Self(u32::MAX);

    pub(super) const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number, less than [`MAX_CLASSES`].
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) const fn number(self) -> u32 {
        self.0
    }
}

/// How a class is used, as far as two uses do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// A signal handler waited for one.
    WaitedInSignalHandler,
    /// It was held by code that a signal handler may interrupt.
    HeldWithSignals,
    /// A section waited for one.
    WaitedInSection,
    /// It was held outside sections.
    HeldOutsideSections,
}

impl Usage {
    pub(crate) const ALL: [Self; 4] = [
        Self::WaitedInSignalHandler,
        Self::HeldWithSignals,
        Self::WaitedInSection,
        Self::HeldOutsideSections,
    ];

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The use that does not go together with this one.
    pub(super) const fn conflicting(self) -> Self {
        match self {
            Self::WaitedInSignalHandler => Self::HeldWithSignals,
            Self::HeldWithSignals => Self::WaitedInSignalHandler,
            Self::WaitedInSection => Self::HeldOutsideSections,
            Self::HeldOutsideSections => Self::WaitedInSection,
        }
    }
}

/// What an object keeps of its class.
pub(crate) struct ClassKey {
    kind: Kind,
    name: Option<&'static str>,
    made_at: Place,
    /// Whether the object is the only one of its class.
    is_alone: bool,
    /// One more than the class's number. 0: nobody has looked yet.
    id: AtomicU32,
    /// The object's own number. 0: nobody has looked yet.
    serial: AtomicU32,
}

impl fmt::Debug for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.class_name().fmt(f)
    }
}

impl ClassKey {
    pub(crate) const fn new(kind: Kind, name: Option<&'static str>, made_at: Place) -> Self {
        Self {
            kind,
            name,
            made_at,
            is_alone: false,
            id: AtomicU32::new(0),
            serial: AtomicU32::new(0),
        }
    }

    /// Makes the key of an object that has a class of its own, and nobody knows where it was made.
    #[cfg(feature = "lock_api")]
    pub(crate) const fn alone(kind: Kind, place: Place) -> Self {
        Self { is_alone: true, ..Self::new(kind, None, place) }
    }

    /// Makes the key of an object that keeps its numbers itself, since C made it.
    #[cfg(feature = "capi")]
    pub(crate) const fn with_numbers(
        kind: Kind,
        name: Option<&'static str>,
        place: Place,
        id: u32,
        serial: u32,
    ) -> Self {
        Self {
            id: AtomicU32::new(id),
            serial: AtomicU32::new(serial),
            ..Self::new(kind, name, place)
        }
    }

    /// Returns the numbers, as such an object keeps them: that of its class, and its own.
    #[cfg(feature = "capi")]
    pub(crate) fn numbers(&self) -> (u32, u32) {
        (self.id.load(Ordering::Relaxed), self.serial())
    }

    /// Gives the class a name. Nobody has looked for the class yet.
    pub(crate) const fn set_name(&mut self, name: &'static str) {
        self.name = Some(name);
        self.is_alone = false;
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn class_name(&self) -> ClassName {
        self.named(self.is_alone)
    }

    fn named(&self, is_alone: bool) -> ClassName {
        let number = if is_alone { self.serial() } else { 0 };
        ClassName { kind: self.kind.name(), name: self.name, made_at: self.made_at, number }
    }

    /// Whether the place tells nothing of the object: the standard library has called what made it, as for `map(Mutex::new)` and
    /// `Arc::default()`. All such objects have one place.
    fn is_made_by_std(&self) -> bool {
        let file = self.made_at.file();
        let of_std = ["/library/core/src/", "/library/alloc/src/", "/library/std/src/"];
        self.name.is_none()
            // Each of these has many objects, of which none is used twice.
            && !matches!(self.kind, Kind::Thread | Kind::Scope)
            && of_std.iter().any(|folder| file.contains(folder))
    }

    /// Returns the class, if somebody has looked for it before.
    #[inline]
    pub(crate) fn known_id(&self) -> Option<ClassId> {
        // With the class comes the object's number, which was stored before.
        match self.id.load(Ordering::Acquire) {
            0 => None,
            id => Some(ClassId(id.wrapping_sub(1))),
        }
    }

    pub(super) fn set_id(&self, id: ClassId) {
        self.id.store(id.0.wrapping_add(1), Ordering::Release);
    }

    /// Returns the object's own number, which tells it from all others, also from those at its place later. It has one as soon as its
    /// class is known.
    #[inline]
    pub(crate) fn serial(&self) -> u32 {
        self.serial.load(Ordering::Relaxed)
    }
}

/// All classes.
pub(super) struct Classes {
    /// How many numbers were given away. Some may have no class: where two threads added one at once.
    len: AtomicU32,
    /// How many objects have a number of their own.
    objects: AtomicU32,
    names: [OnceCell<(Kind, ClassName)>; MAX_CLASSES],
    usages: [AtomicU8; MAX_CLASSES],
    /// Whether one was brought about before, so that what it needs is known; and whether that is nothing.
    completed: [AtomicU8; MAX_CLASSES],
    used_at: [[OnceCell<Place>; Usage::ALL.len()]; MAX_CLASSES],
    /// One more than the number of a class, at the first free place from its hash on. 0: free.
    index: [AtomicU32; INDEX],
}

impl Classes {
    #[expect(clippy::large_stack_arrays, reason = "it is for a static alone")]
    pub(super) const fn new() -> Self {
        Self {
            len: AtomicU32::new(0),
            objects: AtomicU32::new(0),
            names: [const { OnceCell::empty() }; MAX_CLASSES],
            usages: [const { AtomicU8::new(0) }; MAX_CLASSES],
            completed: [const { AtomicU8::new(NEVER) }; MAX_CLASSES],
            used_at: [const { [const { OnceCell::empty() }; Usage::ALL.len()] }; MAX_CLASSES],
            index: [const { AtomicU32::new(0) }; INDEX],
        }
    }

    /// Returns how many classes there are.
    pub(super) fn len(&self) -> usize {
        (self.len.load(Ordering::Relaxed) as usize).min(MAX_CLASSES)
    }

    pub(super) fn get(&self, id: ClassId) -> Option<(Kind, ClassName)> {
        self.names.get(id.index())?.get()
    }

    /// Returns the class of an object. It is made if the object is the first of its class.
    pub(super) fn id_of(&self, key: &ClassKey) -> ClassId {
        if key.serial() == 0 {
            // 0 is no number. Several threads may see a new object at once: the first gives it the number.
            let serial = self.objects.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
            let relaxed = Ordering::Relaxed;
            _ = key.serial.compare_exchange(0, serial, relaxed, relaxed);
        }
        let is_alone = key.is_alone || key.is_made_by_std() && self.len() < OWN_CLASSES;
        let id = self.find_or_add(key.kind(), key.named(is_alone));
        key.set_id(id);
        id
    }

    fn find_or_add(&self, kind: Kind, name: ClassName) -> ClassId {
        let mut added = None;
        for place in hash(kind, &name).places(INDEX) {
            let Some(entry) = self.index.get(place) else { break };
            let mut found = entry.load(Ordering::Acquire);
            if found == 0 {
                let Some(new) = added.or_else(|| self.add(kind, name)) else {
                    return ClassId::UNTRACKED;
                };
                added = Some(new);
                let (release, acquire) = (Ordering::AcqRel, Ordering::Acquire);
                match entry.compare_exchange(0, new.0.wrapping_add(1), release, acquire) {
                    Ok(_) => return new,
                    Err(other) => found = other,
                }
            }
            let found = ClassId(found.wrapping_sub(1));
            if self.get(found).is_some_and(|other| is_same((kind, &name), (other.0, &other.1))) {
                return found;
            }
        }
        ClassId::UNTRACKED
    }

    fn add(&self, kind: Kind, name: ClassName) -> Option<ClassId> {
        let number = self.len.load(Ordering::Relaxed);
        // So that the number does not run over, however often it is asked for.
        if number as usize >= MAX_CLASSES {
            return None;
        }
        let number = self.len.fetch_add(1, Ordering::Relaxed);
        self.names.get(number as usize)?.get_or_set((kind, name))?;
        Some(ClassId(number))
    }

    /// Returns whether a class is known to be used in all of these ways.
    #[inline]
    pub(super) fn is_used(&self, id: ClassId, usages: u8) -> bool {
        self.usages
            .get(id.index())
            .is_none_or(|known| known.load(Ordering::Relaxed) & usages == usages)
    }

    /// Notes how a class is used, and returns a use of before that does not go together with that, and its place.
    pub(super) fn uses(&self, id: ClassId, usages: u8, place: Place) -> Option<(Usage, Place)> {
        let known = self.usages.get(id.index())?;
        let used_at = self.used_at.get(id.index())?;
        for (usage, at) in Usage::ALL.into_iter().zip(used_at) {
            if usages & usage.bit() != 0 {
                at.get_or_set(place);
            }
        }
        let new = usages & !known.fetch_or(usages, Ordering::SeqCst);
        let known = known.load(Ordering::SeqCst);
        Usage::ALL.into_iter().find_map(|usage| {
            let other = usage.conflicting();
            let conflict = new & usage.bit() != 0 && known & other.bit() != 0;
            conflict.then(|| Some((other, used_at.get(other as usize)?.get()?)))?
        })
    }
}

impl Classes {
    /// Whether such a thing was brought about by a thread that held nothing.
    #[inline]
    pub(super) fn needs_nothing(&self, id: ClassId) -> bool {
        self.completed
            .get(id.index())
            .is_none_or(|completed| completed.load(Ordering::Relaxed) == NEEDS_NOTHING)
    }

    /// Notes that such a thing was brought about, with something held or nothing. Returns whether it was for the first time.
    pub(super) fn completes(&self, id: ClassId, needs_nothing: bool) -> bool {
        let now = if needs_nothing { NEEDS_NOTHING } else { COMPLETED };
        let before = self
            .completed
            .get(id.index())
            .map(|completed| completed.fetch_max(now, Ordering::Relaxed));
        before == Some(NEVER)
    }
}

fn hash(kind: Kind, class: &ClassName) -> Hash {
    let hash = Hash::of(kind as u64);
    match class.name {
        Some(name) => hash.and_text(name),
        None if class.number != 0 => hash.and(u64::from(class.number)),
        None => {
            let place = class.made_at;
            hash.and_text(place.file())
                .and(u64::from(place.line()))
                .and(u64::from(place.column().unwrap_or(0)))
        }
    }
}

fn is_same(one: (Kind, &ClassName), other: (Kind, &ClassName)) -> bool {
    let is_same_name = match (one.1.name, other.1.name) {
        (Some(one), Some(other)) => one == other,
        (None, None) if one.1.number != 0 => one.1.number == other.1.number,
        (None, None) => other.1.number == 0 && one.1.made_at == other.1.made_at,
        _ => false,
    };
    one.0 == other.0 && is_same_name
}
