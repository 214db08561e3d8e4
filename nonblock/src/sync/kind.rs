//! The two kinds of lock: what waiting for one takes, and what holding it means.

use crate::section::Section;

pub(super) mod sealed {
    /// What is a kind, with what the crate alone needs to know of it.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be a kind of lock",
        label = "the kinds are `Sleeping` and `Spinning`, and no other can be added",
        note = "a lock held by code that may sleep and waited for in a section would break the promise of both"
    )]
    pub trait Sealed {
        /// What a guard holds beside the lock.
        type Held;
    }
}

/// How a lock is waited for, and what holding it means. Sealed: [`Sleeping`] and [`Spinning`].
///
/// # Examples
///
/// Code for locks of both kinds:
///
/// ```
/// # #[cfg(feature = "sync")] {
/// use nonblock::sync::{Kind, Lock, Mutex, SpinLock};
///
/// fn is_busy<K: Kind, T>(lock: &Lock<K, T>) -> bool {
///     lock.is_locked()
/// }
///
/// assert!(!is_busy(&Mutex::new(1)) && !is_busy(&SpinLock::new(1)));
/// # }
/// ```
pub trait Kind: sealed::Sealed {}

/// The kind of a lock that may be held across a sleep, so that waiting for it may sleep.
///
/// # Context
///
/// Waiting takes `&mut Sleepable`; a section can only try. A name for types, of which there is no value.
///
/// # Examples
///
/// See [`Lock`](super::Lock).
#[derive(Debug)]
pub enum Sleeping {}

impl Kind for Sleeping {}

impl sealed::Sealed for Sleeping {
    type Held = ();
}

/// The kind of a lock that is held in a section only, so that its holder cannot sleep.
///
/// # Context
///
/// Waiting takes `&NonBlock`, and holding it is a section. A name for types, of which there is no value.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sync")] {
/// use nonblock::sync::{Lock, Spinning};
///
/// /// A spin lock that serves its waiters in turn.
/// type FairSpinLock<T> = Lock<Spinning, T, parking_lot::RawFairMutex>;
///
/// let hits = FairSpinLock::new(0);
/// nonblock::non_block(|nb| *hits.lock(nb) += 1);
/// # }
/// ```
#[derive(Debug)]
pub enum Spinning {}

impl Kind for Spinning {}

impl sealed::Sealed for Spinning {
    // Holding the lock counts as a section of its own, so that a guard that is forgotten leaves
    // the depth raised and the next sleep is reported.
    type Held = Section;
}
