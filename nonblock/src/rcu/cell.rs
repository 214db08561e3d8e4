//! The value that is read without waiting, its guards, and its writers.
//!
//! # The protocol
//!
//! A reader is counted in one of two sets of counters, and the lowest bit of the epoch names the set. A writer moves the
//! epoch on when the set that it is about to name is empty. New readers then use that set, and the other one drains. A value
//! that was replaced in epoch `e` is free in epoch `e + 2`: on the way there each of the two sets was seen empty.
//! The name of the set lies beside the counters, so that moving the epoch on takes one cache line from a reader, not two.
//! The two sets need not be empty at the same moment. A reader leaves the counter that it entered, so every counter that it
//! could be in was seen at zero after the replacement.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use crossbeam_utils::CachePadded;

use super::reader::{self, Reading, ends_are_deferred};
use crate::check::might_sleep;
use crate::primitive::{
    AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, RCU_MAX_RETIRED, RCU_SHARDS,
};
use crate::sync::{Mutex, MutexGuard};
use crate::thread::Backoff;
use crate::token::Sleepable;
use crate::unwind::FirstPanic;

/// How many epochs after its replacement a value is free.
const GRACE: u64 = 2;

/// The counters of the threads that share a shard.
#[derive(Default)]
struct Shard {
    /// Which of the two new readers use: 0 or 1.
    set: AtomicUsize,
    readers: [AtomicUsize; 2],
}

/// A value that is read in any context without waiting, and replaced with the token.
///
/// See [the module](super) for what it is for, and for the example of an audio callback.
///
/// # Context
///
/// [`read`](Self::read) may be called anywhere, and costs two atomic additions with the drop of its guard. What makes a new
/// value, or waits for readers, takes `&mut Sleepable`. Making an `Rcu` allocates. Dropping it drops the value, and those
/// that were replaced and not dropped yet.
///
/// # Memory
///
/// A replaced value is dropped by a later replacement or [`synchronize`](Self::synchronize). Up to 8 wait for that, and as
/// many more as were replaced while one guard was held.
pub struct Rcu<T> {
    /// What every reader looks at, and only a new value changes. Made by `Box::into_raw`, and never null.
    current: CachePadded<AtomicPtr<T>>,
    shards: [CachePadded<Shard>; RCU_SHARDS],
    writer: Mutex<WriterState<T>>,
    /// Whether somebody is freeing. Set under the writer's lock, and taken back without.
    freeing: AtomicBool,
    /// Everything that was free in this epoch has been freed.
    freed: AtomicU64,
    grace_periods: GracePeriods,
    // Readers on several threads share a `T`. An array, so that a message of rustc goes straight to the type.
    _shares: [T; 0],
}

/// What only the writer looks at.
struct WriterState<T> {
    epoch: u64,
    /// Values that were replaced, each with the epoch in which it is free, in order.
    retired: Vec<(u64, Retired<T>)>,
}

/// A value that was replaced. Dropped only when no reader is left.
struct Retired<T>(NonNull<T>);

// SAFETY: it owns its `T`, as a `Box` does; it is not one because readers may still look at the value.
unsafe impl<T: Send> Send for Retired<T> {}

impl<T> Drop for Retired<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `Box::into_raw` when the value was published, and from `current` when it was
        // replaced, so nobody else frees it. It is dropped in an epoch in which no reader can have it, or with the whole
        // `Rcu`, which readers borrow.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The time until every guard is gone that could have found a value which was replaced by now.
///
/// From [`Writer::grace_period`] or [`Rcu::grace_period`]. To be asked after by [`GracePeriods::has_ended`], and waited for
/// by [`Rcu::synchronize_since`] or [`Rcu::wait_for_readers`]. One of another `Rcu` means nothing.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
#[derive(Clone, Copy, Debug)]
pub struct GracePeriod {
    /// The epoch in which it has ended.
    ends_at: u64,
}

/// Which grace periods of an [`Rcu`] have ended: a handle that owns no part of the `Rcu`, and may outlive it.
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
    /// The epoch, or the last number of all when the `Rcu` is gone.
    epoch: Arc<AtomicU64>,
}

impl GracePeriods {
    /// Returns whether a grace period has ended, as far as is known.
    ///
    /// Never waits, and drops nothing. Only writers find out that one has ended, so the answer can be `false` for longer than
    /// need be. Once the `Rcu` is gone it is `true`.
    #[inline]
    pub fn has_ended(&self, period: GracePeriod) -> bool {
        // Only writers move the epoch, in steps that are each a store.
        self.epoch.load(Ordering::Acquire) >= period.ends_at
    }
}

impl<T> Rcu<T> {
    /// Makes one that holds a value.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn new(value: T) -> Self {
        Self {
            current: CachePadded::new(AtomicPtr::new(Box::into_raw(Box::new(value)))),
            shards: core::array::from_fn(|_| CachePadded::default()),
            writer: Mutex::new(WriterState { epoch: 0, retired: Vec::new() }),
            freeing: AtomicBool::new(false),
            freed: AtomicU64::new(0),
            grace_periods: GracePeriods { epoch: Arc::new(AtomicU64::new(0)) },
            _shares: [],
        }
    }

    /// Pins the current value: it stays as it is until the guard is dropped, whatever is published meanwhile.
    ///
    /// Never waits, allocates, frees or makes a system call: a thread that loses its processor in the middle of a
    /// replacement holds nobody up.
    ///
    /// # Context
    ///
    /// May be called anywhere. The guard may be held across a sleep.
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
    pub fn read(&self) -> Guard<'_, T> {
        let reading = Reading::begin();
        let shard = &self.shards[reader::shard_of_this_thread()];
        // The set matters for progress alone, so a stale one will do. The optimizer does not know that it is in range.
        let readers = &shard.readers[shard.set.load(Ordering::Relaxed) & 1];
        // All changes of one counter are in one order, and so is the look that a writer takes at it (`Writer::advance`). If
        // that look comes before this change, then the exchange before it comes before the load below, which finds the new
        // value. If it comes after this change, it finds this reader.
        readers.fetch_add(1, Ordering::Acquire);
        let value = self.current.load(Ordering::Acquire);
        // SAFETY: `current` is never null.
        let value = Pinned(unsafe { NonNull::new_unchecked(value) });
        Guard { value, readers, _reading: reading, _rcu: PhantomData }
    }

    /// Lets readers find another value from now on.
    ///
    /// It does not wait for those that read the old one: that is dropped later, by a replacement or
    /// [`synchronize`](Self::synchronize).
    ///
    /// # Context
    ///
    /// May sleep: it waits for other writers, and may drop values that were replaced before.
    ///
    /// # Panics
    ///
    /// A panic of such a value's drop passes through, after the replacement.
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
    /// In a section it cannot be replaced:
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
        writer.collect_if_many();
    }

    /// Replaces the value by one that is made from it. No other writer comes in between.
    ///
    /// # Arguments
    ///
    /// * `f`: makes the new value. It must not write to this `Rcu`, for which it would wait for ever.
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
        writer.collect_if_many();
    }

    /// Waits until every guard is gone that could have found a value replaced by now, and until those values are dropped.
    ///
    /// Mirrors Linux's `synchronize_srcu()` (`kernel/rcu/srcutree.c`, 6.12).
    ///
    /// # Context
    ///
    /// May sleep, for as long as guards are held. Hold no lock that a holder of a guard waits for.
    ///
    /// # Panics
    ///
    /// If this thread is a reader itself ([`ends_are_deferred`]): it would wait for itself, or for a thread that likewise
    /// waits for it. A panic of a value's drop passes through, after the waiting.
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

    /// As [`synchronize_since`](Self::synchronize_since), but leaves the panics of values' drops to the caller.
    ///
    /// For callers that have other calls to make, whatever panics.
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
        let mut backoff = Backoff::new();
        loop {
            let writer = self.write(cx);
            first_panic.catch(|| writer.collect());
            if self.grace_periods.has_ended(period)
                && self.freed.load(Ordering::Acquire) >= period.ends_at
            {
                return;
            }
            backoff.snooze(cx);
        }
    }

    /// Waits until a grace period has ended: no guard is left that could have found a value replaced by then.
    ///
    /// It does not wait until those values are dropped, and does not look whether this thread is a reader.
    ///
    /// # Context
    ///
    /// As [`synchronize`](Self::synchronize). **A thread that holds a guard of this `Rcu` waits for ever.**
    ///
    /// # Panics
    ///
    /// A panic of a value's drop passes through, before the waiting ends.
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
        let mut backoff = Backoff::new();
        while !self.grace_periods.has_ended(period) {
            self.write(cx).collect();
            if !self.grace_periods.has_ended(period) {
                backoff.snooze(cx);
            }
        }
    }

    /// Takes the writer's side, for a change in several steps. One thread has it at a time.
    ///
    /// # Context
    ///
    /// May sleep: it waits for other writers. Readers are never waited for.
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
        // There are no readers, and all that they did is released to whoever asks.
        self.grace_periods.epoch.store(u64::MAX, Ordering::Release);
        let current = self.current.load(Ordering::Relaxed);
        // SAFETY: it came from `Box::into_raw`, nobody replaced it, and readers borrow `self`, so there are none.
        drop(unsafe { Box::from_raw(current) });
    }
}

impl<T: fmt::Debug> fmt::Debug for Rcu<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (*self.read()).fmt(f)
    }
}

/// The writer's side of an [`Rcu`], held by one thread at a time.
///
/// Its drop lets the next writer in, and drops no value. [`collect`](Self::collect) ends it and drops those that no reader
/// can have any more.
///
/// # Context
///
/// It is had with the token, by [`Rcu::write`]. Publishing allocates; collecting drops values, which may sleep if they may.
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
    /// May be called anywhere.
    pub fn current(&self) -> &T {
        let current = self.rcu.current.load(Ordering::Acquire);
        // SAFETY: the value lives until it is replaced, which takes `&mut self`, and a while longer.
        unsafe { &*current }
    }

    /// Lets readers find another value from now on.
    ///
    /// # Context
    ///
    /// Allocates, and does not sleep otherwise.
    pub fn publish(&mut self, value: T) {
        let value = Box::into_raw(Box::new(value));
        // Releases the new value's contents to readers.
        let old = self.rcu.current.swap(value, Ordering::AcqRel);
        // SAFETY: `current` is never null.
        let old = unsafe { NonNull::new_unchecked(old) };
        let free_at = self.state.epoch + GRACE;
        self.state.retired.push((free_at, Retired(old)));
    }

    /// Returns the grace period of all values that were replaced by now.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn grace_period(&self) -> GracePeriod {
        GracePeriod { ends_at: self.state.epoch + GRACE }
    }

    /// Ends the writing, and collects if many replaced values have piled up. Else it leaves them to the next writer.
    ///
    /// For writers that do not wait for readers: a look whether some are left delays those.
    ///
    /// # Context
    ///
    /// May sleep, if a value's drop may.
    ///
    /// # Panics
    ///
    /// As [`collect`](Self::collect).
    pub fn collect_if_many(self) {
        if self.state.retired.len() >= RCU_MAX_RETIRED {
            self.collect();
        }
    }

    /// Ends the writing, and collects if no reader seems to be left. Else as [`collect_if_many`](Self::collect_if_many).
    ///
    /// For writers that would like to know the readers gone, but do not wait for them.
    ///
    /// # Context
    ///
    /// May sleep, if a value's drop may.
    ///
    /// # Panics
    ///
    /// As [`collect`](Self::collect).
    pub fn collect_if_quiet(self) {
        let is_unused = |readers: &AtomicUsize| readers.load(Ordering::Relaxed) == 0;
        if self.rcu.shards.iter().all(|shard| shard.readers.iter().all(is_unused)) {
            self.collect();
        } else {
            self.collect_if_many();
        }
    }

    /// Ends the writing, and drops those replaced values that no reader can have any more. Waits for no reader.
    ///
    /// # Context
    ///
    /// May sleep, if a value's drop may.
    ///
    /// # Panics
    ///
    /// A panic of a value's drop passes through.
    pub fn collect(mut self) {
        // One thread drops at a time, so that it is known how far the dropping has come. What is due meanwhile is left to
        // the next writer.
        for _ in 0..GRACE {
            if !self.advance() {
                break;
            }
        }
        let now = self.state.epoch;
        // Acquires what was freed up to now, for whoever finds nothing due.
        if self.rcu.freeing.load(Ordering::Acquire) {
            return;
        }
        let due = self.state.retired.partition_point(|(free_at, _)| *free_at <= now);
        let free: Vec<_> = self.state.retired.drain(..due).collect();
        self.rcu.freeing.store(true, Ordering::Relaxed);
        let _freeing = Freeing { rcu: self.rcu, now, _reading: Reading::begin() };
        // A value's drop is the user's code, so the lock is released first.
        drop(self);
        drop(free);
    }

    /// Moves the epoch on, if the set of counters that it is about to name is empty.
    fn advance(&mut self) -> bool {
        let next = self.state.epoch + 1;
        let set = usize::from(next & 1 != 0);
        let shards = &self.rcu.shards;
        // Mostly somebody reads, and a plain load tells so without taking the counter's cache line.
        if shards.iter().any(|shard| shard.readers[set].load(Ordering::Relaxed) != 0) {
            return false;
        }
        // A change that changes nothing, so that it is in one order with the changes of the readers: see `Rcu::read`. It
        // releases the exchange to the readers that come later. It acquires what those did that left: each of them left with
        // a release, and every change is a read-modify-write, so the chain from each leaving to here is unbroken.
        let empty =
            |shard: &CachePadded<Shard>| shard.readers[set].fetch_add(0, Ordering::AcqRel) == 0;
        if !shards.iter().all(empty) {
            return false;
        }
        for shard in shards {
            shard.set.store(set, Ordering::Relaxed);
        }
        self.state.epoch = next;
        self.rcu.grace_periods.epoch.store(next, Ordering::Release);
        true
    }
}

/// The dropping of what was due in an epoch, until this is dropped, by unwinding too.
struct Freeing<'a, T> {
    rcu: &'a Rcu<T>,
    now: u64,
    // A value's drop must not wait for the end of this dropping.
    _reading: Reading,
}

impl<T> Drop for Freeing<'_, T> {
    fn drop(&mut self) {
        self.rcu.freed.store(self.now, Ordering::Release);
        self.rcu.freeing.store(false, Ordering::Release);
    }
}

/// A pinned value of an [`Rcu`]: it stays as it is until this is dropped, whatever is published meanwhile.
///
/// It stays on its thread: a thread must not wait for readers while it is one ([`ends_are_deferred`]). Forgotten rather than
/// dropped, it pins its value, and those that come after it, for good.
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
    readers: &'a AtomicUsize,
    _reading: Reading,
    _rcu: PhantomData<&'a Rcu<T>>,
}

/// The value that a guard pins.
///
/// No reference: one would have to stay valid until the guard is gone, and the value may be freed while it goes.
struct Pinned<T>(NonNull<T>);

// SAFETY: it is a `&T` in all but name. What ties a guard to its thread is `Reading`, and it alone, so that a message of
// rustc names that and nothing else.
unsafe impl<T: Sync> Send for Pinned<T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this reader is counted, so no writer frees the value before it is dropped.
        unsafe { self.value.0.as_ref() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Whatever was read was read before this.
        self.readers.fetch_sub(1, Ordering::Release);
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
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Rcu<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
