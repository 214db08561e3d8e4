//! The RCU cell, its guards and its writers.
//!
//! # The protocol
//!
//! Each reader has a phase, of two. The epoch is a number, and its lowest bit says which phase new readers have. A writer moves
//! to the next epoch only when it has seen no reader of that epoch's phase. From then on new readers have that phase, and
//! the readers of the other drain. [`readers`](super::readers) says how a reader shows itself, and why none is overlooked.
//!
//! A value that was replaced in epoch `e` may be freed in epoch `e + 2`. By then, a writer has seen each of the two phases
//! without readers after the replacement. It may have seen them so at different moments. That is enough: a reader of the old
//! value is found under one of the two phases until it is done.
//!
//! Ordering the readers is dear: it may interrupt every processor. It is done once for all that was replaced before, and only when
//! a first look has found no reader. Each look at the readers comes after the ordering for all that was replaced before
//! the look. While a writer waits, no more is needed than to look.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use super::readers::{ActiveRead, Readers, WithoutSlot};
use super::thread_record::ends_are_deferred;
use crate::cache_padded::CachePadded;
use crate::check::with_token::might_sleep;
use crate::lockdep::{Class, Kind, Region};
use crate::primitive::{AtomicPtr, AtomicU64, Ordering, RCU_MAX_RETIRED};
use crate::sync::{Mutex, MutexGuard};
use crate::thread::Backoff;
use crate::token::Sleepable;
use crate::unwind::{DropCaught, FirstPanic};

/// How many epochs after its replacement a value may be freed.
const GRACE_EPOCHS: u64 = 2;

/// What every reader reads, in one cache line: only a new value and a new phase change it.
struct Head<T> {
    /// It comes from `Box::into_raw`, and is never null.
    current: AtomicPtr<T>,
    readers: Readers,
}

/// A value that is read in any context without waiting. Replacing it takes the token.
///
/// [The module](super) tells what it is for, and shows an audio callback as an example.
///
/// # Context
///
/// [`read`](Self::read) may be called anywhere. With the drop of its guard it costs two plain stores, and a fence while values are
/// being replaced. A method that makes a new value, or waits for readers, takes `&mut Sleepable`. Making an `Rcu` allocates. Dropping it drops the value, and the
/// replaced values that were not dropped yet.
///
/// # Memory
///
/// A later replacement or [`synchronize`](Self::synchronize) drops a replaced value, on a thread with the token, with no lock
/// held, and with no other thread waiting for it. Up to 8 replaced values wait for that, and in addition those that were
/// replaced while a guard was held. So a value that is replaced often beside a long guard should share most of its memory with
/// the value before, as a [`List`](super::List) does.
pub struct Rcu<T> {
    head: CachePadded<Head<T>>,
    without_slot: WithoutSlot,
    writer: Mutex<WriterState<T>>,
    grace_periods: GracePeriods,
    class: Class,
    // Readers on several threads share a `T`. It is an empty array, so that a message of the compiler goes straight to the type.
    _shares: [T; 0],
}

/// What only the writer reads and changes.
struct WriterState<T> {
    epoch: u64,
    /// The replaced values, in the order of their replacement. Each has the epoch from which on it may be freed.
    retired: Vec<(u64, Retired<T>)>,
    /// Whether a value was replaced since the readers were ordered.
    readers_need_order: bool,
}

/// A replaced value. It is dropped only when no reader of it is left.
struct Retired<T>(NonNull<T>);

// SAFETY: it owns its `T`, as a `Box` does. It is no `Box` because readers may still look at the value.
unsafe impl<T: Send> Send for Retired<T> {}

impl<T> Drop for Retired<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `Box::into_raw` when the value was published. It was taken out of `current` when the
        // value was replaced, so nobody else frees it. This is dropped in an epoch in which no reader can have the value, or
        // together with the `Rcu`, which readers borrow.
        let value = unsafe { Box::from_raw(self.0.as_ptr()) };
        // Of several whose drops panic, the first panic passes through.
        drop(DropCaught::new(value));
    }
}

/// A grace period. It ends when no guard is left that could have found one of the values replaced before the period began.
///
/// [`Writer::grace_period`] and [`Rcu::grace_period`] return one. [`GracePeriods::has_ended`] tells whether it has ended, and
/// [`Rcu::synchronize_since`] and [`Rcu::wait_for_readers`] wait for its end. It means nothing to another `Rcu`.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
#[derive(Clone, Copy, Debug)]
pub struct GracePeriod {
    /// The first epoch in which the period has ended.
    ends_at: u64,
}

/// A handle that tells which grace periods of an [`Rcu`] have ended. It owns no part of the `Rcu`, and may outlive it.
///
/// # Context
///
/// Everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::rcu::Rcu;
///
/// let rcu = Rcu::new(1);
/// let grace_periods = rcu.grace_periods().clone();
/// nonblock::sleepable(|cx| {
///     rcu.replace(cx, 2);
///     let since = rcu.grace_period(cx);
///     rcu.synchronize(cx);
///     assert!(grace_periods.has_ended(since));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct GracePeriods {
    /// The epoch. The highest number once the `Rcu` is gone.
    epoch: Arc<AtomicU64>,
}

impl GracePeriods {
    /// Returns whether a grace period has ended, as far as is known.
    ///
    /// It never waits, and drops nothing. Only writers find out that a period has ended, so the answer can stay `false` for some
    /// time after the end. Once the `Rcu` is gone, the answer is `true`.
    #[inline]
    pub fn has_ended(&self, period: GracePeriod) -> bool {
        // Only writers move the epoch, and each step is a store.
        self.epoch.load(Ordering::Acquire) >= period.ends_at
    }
}

impl<T> Rcu<T> {
    /// Makes an `Rcu` that holds a value.
    ///
    /// It is not `const`, since it allocates the value and the count that a [`GracePeriods`] outlives it with. For a `static`, put
    /// it into a [`LazyLock`](std::sync::LazyLock), or into a [`OnceLock`](crate::sync::OnceLock) that a thread sets before
    /// sections look: `get` of either needs no token.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn new(value: T) -> Self {
        Self {
            head: CachePadded::new(Head {
                current: AtomicPtr::new(Box::into_raw(Box::new(value))),
                readers: Readers::new(),
            }),
            without_slot: WithoutSlot::new(),
            writer: Mutex::new(WriterState {
                epoch: 0,
                retired: Vec::new(),
                readers_need_order: false,
            }),
            grace_periods: GracePeriods { epoch: Arc::new(AtomicU64::new(0)) },
            class: Class::of(Kind::Rcu),
            _shares: [],
        }
    }

    /// Returns the class of its readers, for callers that know a better place than their own.
    #[cfg(feature = "lockdep")]
    pub(crate) const fn readers_class(&self) -> &Class {
        &self.class
    }

    /// Pins the current value: it stays as it is until the guard is dropped, whatever is published meanwhile.
    ///
    /// It never waits, allocates, frees, or makes a system call. A thread that loses its processor in the middle of a
    /// replacement delays no reader.
    ///
    /// # Context
    ///
    /// May be called anywhere. The guard may be held across a sleep. A signal handler must drop its guard before it returns.
    ///
    /// # Panics
    ///
    /// On targets whose pointers have fewer than 64 bits, if so many guards were forgotten that the count of readers could run
    /// over: 2^28 with 32 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::rcu::Rcu;
    ///
    /// let gains = Rcu::new([1.0, 1.0]);
    /// let before = gains.read();
    /// nonblock::sleepable(|cx| gains.replace(cx, [0.5, 0.5]));
    /// assert_eq!(*before, [1.0, 1.0]);
    /// assert_eq!(*gains.read(), [0.5, 0.5]);
    /// ```
    #[inline]
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn read(&self) -> Guard<'_, T> {
        let active = self.head.readers.enter(&self.without_slot);
        let value = self.head.current.load(Ordering::Acquire);
        // SAFETY: `current` is never null.
        let value = Pinned(unsafe { NonNull::new_unchecked(value) });
        Guard { value, _active: active, _region: self.class.region(), _rcu: PhantomData }
    }

    /// Replaces the value. Readers find the new value from now on.
    ///
    /// It does not wait for readers of the old value. A later replacement or [`synchronize`](Self::synchronize) drops the old
    /// value.
    ///
    /// # Context
    ///
    /// May sleep: it waits for other writers, and may drop values that were replaced before.
    ///
    /// # Panics
    ///
    /// If the drop of such a value panics, the panic passes through, after the replacement.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::rcu::Rcu;
    ///
    /// let limit = Rcu::new(10);
    /// nonblock::sleepable(|cx| limit.replace(cx, 20));
    /// assert_eq!(nonblock::non_block(|_nb| *limit.read()), 20);
    /// ```
    ///
    /// A section cannot replace the value:
    ///
    /// ```compile_fail,E0308
    /// # use nonblock::rcu::Rcu;
    /// # let limit = Rcu::new(10);
    /// nonblock::non_block(|nb| limit.replace(nb, 20));
    /// ```
    #[track_caller]
    pub fn replace(&self, cx: &mut Sleepable, value: T) {
        let mut writer = self.write(cx);
        writer.publish(value);
        writer.collect_if_many(cx);
    }

    /// Replaces the value by a value that is made from it. No other writer comes in between.
    ///
    /// # Arguments
    ///
    /// * `f`: makes the new value. It must not write to this `Rcu`: it would wait for itself for ever.
    ///
    /// # Context
    ///
    /// As [`replace`](Self::replace).
    ///
    /// # Panics
    ///
    /// As [`replace`](Self::replace). A panic of the closure passes through, and leaves the value as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::rcu::Rcu;
    ///
    /// let table = Rcu::new(vec![1]);
    /// nonblock::sleepable(|cx| {
    ///     table.update(cx, |now| now.iter().copied().chain([2]).collect());
    /// });
    /// assert_eq!(*table.read(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn update(&self, cx: &mut Sleepable, f: impl FnOnce(&T) -> T) {
        let mut writer = self.write(cx);
        let value = f(writer.current());
        writer.publish(value);
        writer.collect_if_many(cx);
    }

    /// Waits until no guard is left that could have found a value replaced by now, and drops those values.
    ///
    /// It does not wait for a value that another thread is dropping at the moment: the drop is code of the user, and may wait
    /// for this thread.
    ///
    /// Mirrors Linux's `synchronize_srcu()` (`kernel/rcu/srcutree.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, for as long as guards are held. Hold no lock that a holder of a guard waits for.
    ///
    /// # Panics
    ///
    /// If this thread is a reader itself ([`ends_are_deferred`]): it would wait for itself, or for another thread that waits for
    /// it. If the drop of a value panics, the panic passes through, after the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use nonblock::rcu::Rcu;
    ///
    /// let old = Arc::new("old");
    /// let rcu = Rcu::new(old.clone());
    /// nonblock::sleepable(|cx| {
    ///     rcu.replace(cx, Arc::new("new"));
    ///     rcu.synchronize(cx);
    ///     assert_eq!(Arc::strong_count(&old), 1);
    /// });
    /// ```
    #[track_caller]
    pub fn synchronize(&self, cx: &mut Sleepable) {
        let period = self.grace_period(cx);
        self.synchronize_since(cx, period);
    }

    /// As [`synchronize`](Self::synchronize), for the values that were replaced when a grace period began.
    ///
    /// Mirrors Linux's `cond_synchronize_rcu()` (`kernel/rcu/tree.c`, 6.12).
    ///
    /// # Context
    ///
    /// As [`synchronize`](Self::synchronize).
    ///
    /// # Panics
    ///
    /// As [`synchronize`](Self::synchronize).
    #[track_caller]
    pub fn synchronize_since(&self, cx: &mut Sleepable, period: GracePeriod) {
        let mut first_panic = FirstPanic::new();
        self.synchronize_catching(cx, period, &mut first_panic);
        first_panic.resume();
    }

    /// As [`synchronize_since`](Self::synchronize_since), but collects the panics of values that it drops in `first_panic`.
    ///
    /// For callers that have other calls to make, even after a panic.
    ///
    /// # Context
    ///
    /// As [`synchronize`](Self::synchronize).
    ///
    /// # Panics
    ///
    /// If this thread is a reader itself ([`ends_are_deferred`]).
    #[track_caller]
    pub fn synchronize_catching(
        &self,
        cx: &mut Sleepable,
        period: GracePeriod,
        first_panic: &mut FirstPanic,
    ) {
        assert!(
            !ends_are_deferred(),
            "`synchronize` on a thread that reads: it would wait for itself; expected no guard, no callback and no \
             invalidation under way on this thread"
        );
        self.class.wait();
        let mut backoff = Backoff::new();
        loop {
            let writer = self.write(cx);
            first_panic.catch(|| writer.collect(cx));
            if self.grace_periods.has_ended(period) {
                return;
            }
            backoff.snooze(cx);
        }
    }

    /// Waits until a grace period has ended.
    ///
    /// It does not check whether this thread is a reader.
    ///
    /// # Context
    ///
    /// As [`synchronize`](Self::synchronize). **A thread that holds a guard of this `Rcu` waits for ever.**
    ///
    /// # Panics
    ///
    /// If the drop of a value panics, the panic passes through, before the grace period has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::rcu::Rcu;
    ///
    /// let rcu = Rcu::new(1);
    /// nonblock::sleepable(|cx| {
    ///     rcu.replace(cx, 2);
    ///     let period = rcu.grace_period(cx);
    ///     rcu.wait_for_readers(cx, period);
    ///     assert!(rcu.grace_periods().has_ended(period));
    /// });
    /// ```
    #[track_caller]
    pub fn wait_for_readers(&self, cx: &mut Sleepable, period: GracePeriod) {
        might_sleep();
        self.class.wait();
        let mut backoff = Backoff::new();
        while !self.grace_periods.has_ended(period) {
            self.write(cx).collect(cx);
            if !self.grace_periods.has_ended(period) {
                backoff.snooze(cx);
            }
        }
    }

    /// Returns a [`Writer`], for a change in several steps. One thread has it at a time.
    ///
    /// # Context
    ///
    /// May sleep: it waits for other writers. It never waits for readers.
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    #[track_caller]
    pub fn write(&self, cx: &mut Sleepable) -> Writer<'_, T> {
        Writer { rcu: self, state: self.writer.lock(cx) }
    }

    /// Returns the grace period of all values that were replaced by now.
    ///
    /// # Context
    ///
    /// May sleep: it waits for other writers.
    #[track_caller]
    pub fn grace_period(&self, cx: &mut Sleepable) -> GracePeriod {
        self.write(cx).grace_period()
    }

    /// Returns the handle that tells which grace periods have ended.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn grace_periods(&self) -> &GracePeriods {
        &self.grace_periods
    }
}

impl<T> Drop for Rcu<T> {
    fn drop(&mut self) {
        // There are no readers any more. Threads that ask the handle acquire what the readers did.
        self.grace_periods.epoch.store(u64::MAX, Ordering::Release);
        if let Some(current) = NonNull::new(self.head.current.load(Ordering::Relaxed)) {
            // Nobody replaced the value. Readers borrow `self`, so there are none.
            drop(Retired(current));
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Rcu<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.read()).fmt(f)
    }
}

/// The right to write to an [`Rcu`]. One thread has it at a time.
///
/// Its drop lets the next writer in, and drops no value. [`collect`](Self::collect) ends the writing, and drops the values that
/// no reader can have any more.
///
/// If it is forgotten, by [`mem::forget`](core::mem::forget) or the like, the next writer waits for ever, and so does whoever
/// waits for readers. Readers go on.
///
/// # Context
///
/// [`Rcu::write`] returns it, and takes the token. Publishing allocates. Collecting drops values, so it takes the token again.
///
/// # Examples
///
/// ```
/// use nonblock::rcu::Rcu;
///
/// let table = Rcu::new(vec![3, 1]);
/// nonblock::sleepable(|cx| {
///     let mut writer = table.write(cx);
///     if writer.current().is_sorted() {
///         return;
///     }
///     let mut sorted = writer.current().clone();
///     sorted.sort();
///     writer.publish(sorted);
///     let period = writer.grace_period();
///     drop(writer); // others may write from here on
///     table.synchronize_since(cx, period);
/// });
/// assert_eq!(*table.read(), [1, 3]);
/// ```
#[must_use = "the next writer is let in when this is dropped: bind it to a name, since `let _` drops it at once"]
pub struct Writer<'a, T> {
    rcu: &'a Rcu<T>,
    state: MutexGuard<'a, WriterState<T>>,
}

impl<T> Writer<'_, T> {
    /// Returns the value that readers find now.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn current(&self) -> &T {
        let current = self.rcu.head.current.load(Ordering::Acquire);
        // SAFETY: the value lives until it is replaced, and a while longer. To replace it takes `&mut self`.
        unsafe { &*current }
    }

    /// Replaces the value. Readers find the new value from now on.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn publish(&mut self, value: T) {
        let value = Box::into_raw(Box::new(value));
        // Releases the contents of the new value to readers.
        let old = self.rcu.head.current.swap(value, Ordering::AcqRel);
        // SAFETY: `current` is never null.
        let old = unsafe { NonNull::new_unchecked(old) };
        let free_at = self.state.epoch + GRACE_EPOCHS;
        self.state.retired.push((free_at, Retired(old)));
        self.state.readers_need_order = true;
    }

    /// Returns the grace period of all values that were replaced by now.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn grace_period(&self) -> GracePeriod {
        GracePeriod { ends_at: self.state.epoch + GRACE_EPOCHS }
    }

    /// Ends the writing. If there are many replaced values, collects them, and otherwise leaves them to the next writer.
    ///
    /// For writers that do not wait for readers: to look whether readers are left delays the readers.
    ///
    /// # Context
    ///
    /// As [`collect`](Self::collect).
    ///
    /// # Panics
    ///
    /// As [`collect`](Self::collect).
    pub fn collect_if_many(self, cx: &mut Sleepable) {
        if self.state.retired.len() >= RCU_MAX_RETIRED {
            self.collect(cx);
        }
    }

    /// Ends the writing. If no reader seems to be left, collects. Otherwise does as
    /// [`collect_if_many`](Self::collect_if_many).
    ///
    /// For writers that prefer all readers to be gone, but do not wait for them.
    ///
    /// # Context
    ///
    /// As [`collect`](Self::collect).
    ///
    /// # Panics
    ///
    /// As [`collect`](Self::collect).
    pub fn collect_if_quiet(self, cx: &mut Sleepable) {
        if (0..=1).any(|phase| self.has_readers(phase)) {
            self.collect_if_many(cx);
        } else {
            self.collect(cx);
        }
    }

    /// Ends the writing, and drops the replaced values that no reader can have any more. It does not wait for readers.
    ///
    /// # Context
    ///
    /// May sleep, if the drop of a value does. May allocate.
    ///
    /// # Panics
    ///
    /// If the drop of a value panics, the panic passes through.
    pub fn collect(mut self, cx: &mut Sleepable) {
        // Taking the right to write has looked whether the caller may sleep: one report is enough.
        let _ = cx;
        for _ in 0..GRACE_EPOCHS {
            if !self.advance() {
                break;
            }
        }
        let now = self.state.epoch;
        let retired = &mut self.state.retired;
        let free_count = retired.partition_point(|(free_at, _)| *free_at <= now);
        let free: Vec<_> = retired.drain(..free_count).collect();
        // After a long guard, the memory of a long list is given back.
        retired.shrink_to(2 * RCU_MAX_RETIRED);
        // The drop of a value is code of the user. It runs with the lock released. Nobody waits for it: whoever waits for the
        // grace period of these values sees by the epoch that it has ended.
        drop(self);
        drop(free);
    }

    /// Returns how many replaced values wait to be dropped.
    ///
    /// If there are more than a few, a guard is held that keeps them. Then a writer can choose a new value that takes less
    /// memory, at the cost of the readers' time.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn retired(&self) -> usize {
        self.state.retired.len()
    }

    /// Moves to the next epoch, if there is no reader of its phase.
    fn advance(&mut self) -> bool {
        let next = self.state.epoch + 1;
        let phase = usize::from(next & 1 != 0);
        let readers = &self.rcu.head.readers;
        if self.state.readers_need_order {
            // Most of the time there is a reader, and all readers are left alone.
            if self.has_readers(phase) {
                return false;
            }
            readers.order();
            self.state.readers_need_order = false;
        }
        if self.has_readers(phase) {
            return false;
        }
        readers.flip();
        self.state.epoch = next;
        self.rcu.grace_periods.epoch.store(next, Ordering::Release);
        true
    }

    /// Returns whether there are readers of a phase, as far as this thread sees.
    fn has_readers(&self, phase: usize) -> bool {
        self.rcu.head.readers.are_there(phase, &self.rcu.without_slot)
    }
}

/// A pinned value of an [`Rcu`]: it stays as it is until this is dropped, whatever is published meanwhile.
///
/// It stays on its thread: a thread must not wait for readers while it is one ([`ends_are_deferred`]). If it is forgotten and
/// not dropped, it pins its value for ever, and the values that come after it.
///
/// # Context
///
/// May be held across a sleep, and dropped anywhere: its drop frees nothing.
///
/// # Examples
///
/// See [`Rcu::read`].
#[must_use = "the value is pinned until this is dropped: bind it to a name, since `let _` drops it at once"]
pub struct Guard<'a, T> {
    value: Pinned<T>,
    _active: ActiveRead<'a>,
    _region: Region,
    _rcu: PhantomData<&'a Rcu<T>>,
}

/// The value that a guard pins.
///
/// It is no reference: a reference would have to be valid until the end of the guard's drop, and the value may be freed
/// earlier.
struct Pinned<T>(NonNull<T>);

// SAFETY: it is a `&T` under another name. Only `ActiveRead` ties a guard to its thread, so that a message of the compiler names
// nothing else.
unsafe impl<T: Sync> Send for Pinned<T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: writers find this reader, so none of them frees the value before this guard is dropped.
        unsafe { self.value.0.as_ref() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("current", self.current()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for Rcu<T> {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Rcu<T> {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
