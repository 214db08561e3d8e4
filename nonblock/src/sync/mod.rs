//! Locks whose waiting takes a token.
//!
//! [`Mutex`] may be held across a sleep, so waiting for it may sleep: `lock` takes `&mut Sleepable`, and
//! a section can only try. [`SpinLock`] is held in a section only, so its holder cannot sleep, and a
//! section may wait for it: `lock` takes `&NonBlock`.
//!
//! Both are one [`Lock`] over a raw lock of the `lock_api` crate's; the aliases use `parking_lot`'s. There is
//! no poisoning: a holder that panics unlocks, as with `parking_lot`.

mod lock;
mod mutex;
mod spin;

pub use lock::{Guard, Kind, Lock};
pub use mutex::Sleeping;
pub use spin::Spinning;

/// A lock that may be held across a sleep. See [`Lock`] and [`Sleeping`].
///
/// # Context
///
/// Waiting for it may sleep: `lock` takes `&mut Sleepable`. In a section, `try_lock` or `acquire`.
///
/// # Examples
///
/// ```
/// use nonblock::sync::Mutex;
/// use nonblock::WouldBlock;
///
/// let table = Mutex::new(vec![1, 2, 3]);
/// nonblock::sleepable(|cx| {
///     table.lock(cx).push(4);
///     let held = table.lock(cx);
///     let refused = cx.non_block(|nb| table.acquire(nb).map(|table| table.len()));
///     assert_eq!(refused, Err(WouldBlock));
///     drop(held);
///     assert_eq!(cx.non_block(|nb| table.acquire(nb).map(|table| table.len())), Ok(4));
/// });
/// ```
#[cfg(feature = "parking_lot")]
pub type Mutex<T> = Lock<Sleeping, T>;

/// The guard of a [`Mutex`].
#[cfg(feature = "parking_lot")]
pub type MutexGuard<'a, T> = Guard<'a, Sleeping, T>;

/// A lock that is held in a section only. See [`Lock`] and [`Spinning`].
///
/// The holder cannot sleep, so whoever waits for it waits for running code. In user space the holder can
/// still lose its processor; `parking_lot`'s raw lock therefore spins for a while and then yields to
/// it, where a kernel's spins on.
///
/// # Context
///
/// To be taken in a section: `lock` takes `&NonBlock`; `with` opens the section itself.
///
/// # Examples
///
/// ```
/// use nonblock::sync::SpinLock;
///
/// let hits = SpinLock::new(0);
/// nonblock::sleepable(|cx| {
///     hits.with(cx, |hits, _nb| *hits += 1);
///     cx.non_block(|nb| *hits.lock(nb) += 1);
/// });
/// assert_eq!(hits.into_inner(), 2);
/// ```
#[cfg(feature = "parking_lot")]
pub type SpinLock<T> = Lock<Spinning, T>;

/// The guard of a [`SpinLock`].
#[cfg(feature = "parking_lot")]
pub type SpinLockGuard<'a, T> = Guard<'a, Spinning, T>;
