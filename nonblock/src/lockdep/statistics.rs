//! How full the tables are, and how often each suppression was used.

use core::fmt;
#[cfg(feature = "lockdep")]
use std::vec::Vec;

#[cfg(feature = "lockdep")]
use crate::lock_graph::GRAPH;
#[cfg(feature = "lockdep")]
use crate::suppressions::{self, Suppression};

/// Returns how much was learnt until now.
///
/// # Context
///
/// Allocates, and takes a lock: call it where the caller may sleep.
///
/// # Examples
///
/// See [`Statistics`].
#[must_use]
pub fn statistics() -> Statistics {
    #[cfg(feature = "lockdep")]
    return Statistics { len: GRAPH.len(), room: GRAPH.room(), suppressions: suppressions::uses() };
    #[cfg(not(feature = "lockdep"))]
    Statistics { len: (0, 0), room: (0, 0) }
}

/// How much was learnt, and how much there is room for, as it was when [`statistics`] was called.
///
/// Its `Display` form says the same in words. Without the feature `lockdep`, all of it is 0.
///
/// # Context
///
/// It owns memory: make and drop it where memory may be allocated. The numbers may be read anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::{self, Class};
///
/// drop(Class::new("journal").acquire());
///
/// let statistics = lockdep::statistics();
/// assert_eq!(statistics.classes() >= 1, lockdep::ENABLED);
/// assert!(!statistics.is_full(), "a new class would not be looked at");
/// ```
#[derive(Clone, Debug)]
pub struct Statistics {
    /// How many classes and dependencies there are.
    len: (usize, usize),
    /// How many there can be.
    room: (usize, usize),
    #[cfg(feature = "lockdep")]
    suppressions: Vec<(Suppression, usize)>,
}

impl Statistics {
    /// Returns how many classes of things were seen.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.len.0
    }

    /// Returns how many classes there is room for. Of what comes after them nothing is learnt.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn max_classes(&self) -> usize {
        self.room.0
    }

    /// Returns how many dependencies were seen.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn dependencies(&self) -> usize {
        self.len.1
    }

    /// Returns how many dependencies there is room for. Of what comes after them nothing is learnt.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn max_dependencies(&self) -> usize {
        self.room.1
    }

    /// Returns whether there is no room for another class, or for another dependency. Nothing new is learnt then, and circles may stay
    /// unseen.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        let Self { len, room, .. } = self;
        room.0 > 0 && (len.0 >= room.0 || len.1 >= room.1)
    }

    /// Returns each suppression, and how often it kept a report away: 0 if nothing used it.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[cfg(feature = "lockdep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
    pub fn suppressions(&self) -> impl Iterator<Item = (&Suppression, usize)> {
        self.suppressions.iter().map(|(suppression, times)| (suppression, *times))
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { len, room, .. } = self;
        write!(f, "{} of {} classes, {} of {} dependencies", len.0, room.0, len.1, room.1)?;
        if self.is_full() {
            f.write_str("\na table is full: nothing new is learnt, and circles may stay unseen")?;
        }
        #[cfg(feature = "lockdep")]
        for (suppression, times) in self.suppressions() {
            match times {
                0 => write!(f, "\nsuppression that nothing used: {suppression}")?,
                _ => write!(f, "\nsuppressed {times} time(s): {suppression}")?,
            }
        }
        Ok(())
    }
}
