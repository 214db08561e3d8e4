//! What an object, or the user, tells of what is waited for.

use core::fmt;

use super::guard::{Acquired, Region};
#[cfg(feature = "lockdep")]
use super::observer;
use crate::lock_graph::Kind;
#[cfg(feature = "lockdep")]
use crate::lock_graph::{ClassKey, Mode};
use crate::violation::Place;

/// Something that threads wait for, and the class of such things that it belongs to.
///
/// Each lock, channel and so on of this crate has one. A program has its own for what its threads wait for by other means:
///
/// * for a lock: [`acquire`](Self::acquire) before it waits, or [`try_acquired`](Self::try_acquired) when it took the lock without
///   waiting;
/// * for an event: [`wait`](Self::wait) before it waits, and [`complete`](Self::complete) where the event is brought about;
/// * for the end of some code: [`wait`](Self::wait) before it waits, and [`region`](Self::region) around the code.
///
/// # Context
///
/// Everything on it may be called anywhere: it neither waits nor allocates, but for a report, and where a thread first looks outside
/// sections, which reads the environment, and asks std for the thread's name. In the destructor of a pthread key
/// (`pthread_key_create`) that cannot be told any more, and ends the process. For each new dependency the whole graph is searched: to
/// learn 300 locks that were each taken before all later ones, 44,850 dependencies, took 1.2 seconds in a release build.
///
/// # Panics
///
/// What waits reports [`CircularWait`](crate::ViolationKind::CircularWait), [`WaitForItself`](crate::ViolationKind::WaitForItself) or
/// [`InconsistentUse`](crate::ViolationKind::InconsistentUse), which panics under the default [`Policy`](crate::Policy). The thread
/// holds nothing more then.
///
/// # Examples
///
/// A lock file, which threads and other programs take:
///
/// ```
/// use nonblock::lockdep::{self, Class};
///
/// static LOCK_FILE: Class = Class::new("lock file");
///
/// fn with_lock_file(f: impl FnOnce()) {
///     let _held = LOCK_FILE.acquire();
///     // ... wait for the lock ...
///     f();
///     // ... release it ...
/// }
///
/// with_lock_file(|| {});
/// if lockdep::ENABLED {
///     let twice = || with_lock_file(|| with_lock_file(|| {}));
///     let violation = nonblock::testing::expect_violation(|| _ = std::panic::catch_unwind(twice));
///     assert_eq!(violation.kind(), nonblock::ViolationKind::WaitForItself);
/// }
/// ```
pub struct Class {
    #[cfg(feature = "lockdep")]
    pub(super) key: ClassKey,
}

impl Class {
    /// Makes a thing of the class of this name. Things of one name are of one class, wherever they are made.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[track_caller]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let mut class = Self::of(Kind::Class);
        class.set_name(name);
        class
    }

    /// Makes a thing of a kind, of the class of those that are made at the place of the caller.
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) const fn of(kind: Kind) -> Self {
        Self {
            #[cfg(feature = "lockdep")]
            key: ClassKey::new(kind, None, Place::caller()),
        }
    }

    /// As [`of`](Self::of), at another place.
    #[cfg(feature = "lockdep")]
    pub(crate) const fn made_at(kind: Kind, place: Place) -> Self {
        Self { key: ClassKey::new(kind, None, place) }
    }

    /// Makes a thing that is the only one of its class, unless it gets a name.
    #[cfg(feature = "lock_api")]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(super) const fn alone(kind: Kind) -> Self {
        Self {
            #[cfg(feature = "lockdep")]
            key: ClassKey::alone(kind, Place::caller()),
        }
    }

    /// The thread lets go of it.
    #[inline]
    pub(crate) fn release(&self) {
        #[cfg(feature = "lockdep")]
        observer::release(self.key.serial());
    }

    /// Gives the class a name, before anything waits for it.
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) const fn set_name(&mut self, name: &'static str) {
        #[cfg(feature = "lockdep")]
        self.key.set_name(name);
        let _ = self;
    }

    /// The thread is about to wait for it, to have it alone. It holds it until what this returns is dropped.
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.key, Mode::Exclusive, Place::caller());
        self.acquired()
    }

    /// As [`acquire`](Self::acquire), to share it with other readers. A reader waits for a writer that waits for readers, so it must
    /// not have it twice.
    #[inline]
    #[track_caller]
    pub fn acquire_shared(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.key, Mode::Shared, Place::caller());
        self.acquired()
    }

    /// As [`acquire_shared`](Self::acquire_shared), where a reader waits for no writer that waits.
    #[inline]
    #[track_caller]
    pub fn acquire_shared_recursive(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.key, Mode::RecursiveShared, Place::caller());
        self.acquired()
    }

    /// As [`acquire_shared`](Self::acquire_shared), by the one reader who may become the writer.
    #[cfg(feature = "lock_api")]
    #[inline]
    #[track_caller]
    pub(super) fn acquire_upgradable(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::acquire(&self.key, Mode::Upgradable, Place::caller());
        self.acquired()
    }

    /// As [`try_acquired_shared`](Self::try_acquired_shared), by the one reader who may become the writer.
    #[cfg(feature = "lock_api")]
    #[inline]
    #[track_caller]
    pub(super) fn try_acquired_upgradable(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::try_acquired(&self.key, Mode::Upgradable, Place::caller());
        self.acquired()
    }

    /// That reader, who has let go of it, is about to wait until it has it alone.
    #[cfg(feature = "lock_api")]
    #[inline]
    #[track_caller]
    pub(super) fn upgrade(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::upgrade(&self.key, Place::caller());
        self.acquired()
    }

    /// The thread has it alone, and did not wait. It holds it until what this returns is dropped.
    #[inline]
    #[track_caller]
    pub fn try_acquired(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::try_acquired(&self.key, Mode::Exclusive, Place::caller());
        self.acquired()
    }

    /// As [`try_acquired`](Self::try_acquired), shared with other readers.
    #[inline]
    #[track_caller]
    pub fn try_acquired_shared(&self) -> Acquired {
        #[cfg(feature = "lockdep")]
        observer::try_acquired(&self.key, Mode::Shared, Place::caller());
        self.acquired()
    }

    /// The thread is about to wait for it, and will not hold it: an event, or the end of code.
    #[inline]
    #[track_caller]
    pub fn wait(&self) {
        self.wait_at(Place::caller());
    }

    /// As [`wait`](Self::wait), at another place.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub(crate) fn wait_at(&self, place: Place) {
        #[cfg(feature = "lockdep")]
        observer::wait(&self.key, place);
        let _ = self;
    }

    /// The thread is about to wait for the first of several, and will hold none of them.
    ///
    /// It may wait for ever only if each of them does. So what it holds depends on none of them alone. It is looked whether each depends
    /// on what the thread holds, as far as that is known by now.
    #[cfg(feature = "lockdep")]
    #[track_caller]
    pub(crate) fn wait_for_any<'a>(classes: impl Iterator<Item = &'a Self> + Clone) {
        observer::wait_for_any(classes.map(|class| &class.key), Place::caller());
    }

    /// The thread has it in another mode now, and did not wait.
    #[cfg(feature = "lockdep")]
    #[inline]
    pub(super) fn now(&self, mode: Mode) {
        observer::change_mode(&self.key, mode);
    }

    /// As [`region`](Self::region), which began at another place.
    #[cfg(feature = "lockdep")]
    #[inline]
    pub(crate) fn region_at(&self, place: Place) -> Region {
        observer::enter_region(&self.key, place);
        Region { serial: self.key.serial() }
    }

    /// The thread has brought about what others wait for.
    ///
    /// A report of that is written under [`Policy::Panic`](crate::Policy::Panic) too: it has happened, and a panic would lose what came
    /// of it, such as a value that was received.
    #[inline]
    #[track_caller]
    pub fn complete(&self) {
        #[cfg(feature = "lockdep")]
        observer::complete(&self.key, Place::caller());
    }

    /// Says that this comes about only after the other has.
    ///
    /// For what one thread does in order, without waiting. What the thread holds does not matter.
    #[inline]
    #[track_caller]
    #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
    pub fn follows(&self, other: &Self) {
        #[cfg(feature = "lockdep")]
        observer::follows(&self.key, &other.key, Place::caller());
        let _ = self;
    }

    /// The thread runs code that others wait for the end of, until what this returns is dropped.
    #[inline]
    #[track_caller]
    pub fn region(&self) -> Region {
        #[cfg(feature = "lockdep")]
        observer::enter_region(&self.key, Place::caller());
        Region {
            #[cfg(feature = "lockdep")]
            serial: self.key.serial(),
        }
    }

    #[inline]
    fn acquired(&self) -> Acquired {
        Acquired {
            #[cfg(feature = "lockdep")]
            serial: self.key.serial(),
        }
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "lockdep")]
        return fmt::Display::fmt(&self.key.class_name(), f);
        #[cfg(not(feature = "lockdep"))]
        f.write_str("Class")
    }
}
