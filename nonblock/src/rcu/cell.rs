//! A value that is read without waiting, anywhere, and replaced by threads that may sleep.
//!
//! In the manner of Linux's sleepable RCU (`kernel/rcu/srcutree.c`, 6.12). Readers pin the value they find: two atomic
//! additions a read, no lock, no allocation, and never the freeing of anything. Writers publish a new value beside the
//! old one, and free the old one when everybody who could have found it has gone.
//!
//! A reader is counted in one of two sets of counters, which the lowest bit of the epoch names. A writer moves the epoch
//! on when the set that it is about to name is empty, so that new readers leave the other one to drain. A value that was
//! replaced in epoch `e` is free in epoch `e + 2`: on the way there each of the two sets was seen empty.
//! The set is named beside the counters, so that who moves the epoch on takes one line of memory from a reader, not two.
//! Neither set need be empty at one moment: a reader leaves the counter that it entered, so every counter that it could
//! be in was seen at zero after the replacement.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use super::apart::Apart;
use super::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use super::backoff::{Backoff, MUCH};
use super::open::Calling;
use super::panics::Panics;
use super::shard::{self, SHARDS};
use crate::sync::{Mutex, MutexGuard};
use crate::token::Sleepable;

/// How many epochs after its replacement a value is free.
const GRACE: u64 = 2;

/// What the threads that share a shard count in.
#[derive(Default)]
struct Shard {
    /// Which of the two newcomers are to use: 0 or 1.
    set: AtomicUsize,
    readers: [AtomicUsize; 2],
}

/// A value that is read without waiting. See the [module](self).
pub(crate) struct Rcu<T> {
    /// What every reader looks at, and only a new value changes. Made by `Box::into_raw`, and never null.
    current: Apart<AtomicPtr<T>>,
    shards: [Apart<Shard>; SHARDS],
    writer: Mutex<Writer<T>>,
    /// Whether somebody is freeing. Set under the writer's lock, and taken back without.
    freeing: AtomicBool,
    /// Everything that was free in this epoch has been freed.
    freed: AtomicU64,
    /// For whoever does not own the cell.
    epochs: Epochs,
    // Readers on several threads share a `T`.
    _shares: PhantomData<T>,
}

/// What only the writer looks at.
struct Writer<T> {
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

/// When everything replaced so far is free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u64);

/// How far a cell has come, for those who must not be the ones that drop its value: who asks owns no part of the cell.
#[derive(Clone, Debug)]
pub(crate) struct Epochs(Arc<AtomicU64>);

impl Epochs {
    /// Says whether everything that was replaced when the ticket was drawn is free, as far as is known.
    ///
    /// Never waits, and drops nothing. Nobody finds out but writers, so it can be later than it might. It is so when the
    /// cell is gone.
    #[inline]
    pub(crate) fn are_past(&self, ticket: Ticket) -> bool {
        // Only writers move it, in steps that are each a store.
        self.0.load(Ordering::Acquire) >= ticket.0
    }
}

impl<T> Rcu<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            current: Apart::new(AtomicPtr::new(Box::into_raw(Box::new(value)))),
            shards: core::array::from_fn(|_| Apart::default()),
            writer: Mutex::new(Writer { epoch: 0, retired: Vec::new() }),
            freeing: AtomicBool::new(false),
            freed: AtomicU64::new(0),
            epochs: Epochs(Arc::new(AtomicU64::new(0))),
            _shares: PhantomData,
        }
    }

    /// Pins the current value. Never waits.
    #[inline]
    pub(crate) fn read(&self) -> Reader<'_, T> {
        let shard = &self.shards[shard::of_this_thread()];
        // The set matters for progress alone, so a stale one will do. The optimizer does not know that it is in range.
        let readers = &shard.readers[shard.set.load(Ordering::Relaxed) & 1];
        // Changes of a counter are in one order, in which the writer's look at it (`Write::advance`) is one. If that look
        // is before this change, the exchange before it is before the load below, which finds the new value. If it is
        // after this change, it finds this reader.
        readers.fetch_add(1, Ordering::Acquire);
        let value = self.current.load(Ordering::Acquire);
        // SAFETY: `current` is never null.
        let value = unsafe { NonNull::new_unchecked(value) };
        Reader { value, readers, _cell: PhantomData }
    }

    /// Takes the writer's side.
    ///
    /// The lock is held while a new value is made, never while readers are waited for.
    #[track_caller]
    pub(crate) fn write(&self, cx: &mut Sleepable) -> Write<'_, T> {
        Write { cell: self, writer: self.writer.lock(cx) }
    }

    /// How far this has come. It may be asked when this is gone.
    pub(crate) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Waits until everything that was replaced when the ticket was drawn is free, and perhaps not freed yet.
    ///
    /// A thread that is itself a reader would wait for ever.
    #[track_caller]
    pub(crate) fn wait_for_readers(&self, ticket: Ticket, cx: &mut Sleepable) {
        let mut backoff = Backoff::new();
        while !self.epochs.are_past(ticket) {
            self.write(cx).finish();
            if !self.epochs.are_past(ticket) {
                backoff.pause(cx);
            }
        }
    }

    /// Waits until everything that was replaced when the ticket was drawn has been freed, by whomever.
    ///
    /// A thread that is itself a reader would wait for ever. What is freed may panic: the first panic passes through
    /// after the waiting.
    #[cfg_attr(
        not(feature = "oom"),
        allow(dead_code, reason = "only `memory` has nothing else to do")
    )]
    #[track_caller]
    pub(crate) fn wait(&self, ticket: Ticket, cx: &mut Sleepable) {
        let mut panics = Panics::new();
        self.wait_whatever_panics(ticket, &mut panics, cx);
        panics.resume();
    }

    /// As [`wait`](Self::wait), and leaves the panics to the caller.
    #[track_caller]
    pub(crate) fn wait_whatever_panics(
        &self,
        ticket: Ticket,
        panics: &mut Panics,
        cx: &mut Sleepable,
    ) {
        let mut backoff = Backoff::new();
        loop {
            let write = self.write(cx);
            panics.catch(|| write.finish());
            if self.epochs.are_past(ticket) && self.freed.load(Ordering::Acquire) >= ticket.0 {
                return;
            }
            backoff.pause(cx);
        }
    }
}

impl<T> Drop for Rcu<T> {
    fn drop(&mut self) {
        // There are no readers, and all that they did is released to whoever asks.
        self.epochs.0.store(u64::MAX, Ordering::Release);
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
pub(crate) struct Write<'a, T> {
    cell: &'a Rcu<T>,
    writer: MutexGuard<'a, Writer<T>>,
}

impl<T> Write<'_, T> {
    /// The value that readers find now.
    pub(crate) fn current(&self) -> &T {
        let current = self.cell.current.load(Ordering::Acquire);
        // SAFETY: the value lives until it is replaced, which takes `&mut self`, and a while longer.
        unsafe { &*current }
    }

    /// Lets readers find another value from now on.
    pub(crate) fn publish(&mut self, value: T) {
        let value = Box::into_raw(Box::new(value));
        // Releases the new value's contents to readers.
        let old = self.cell.current.swap(value, Ordering::AcqRel);
        // SAFETY: `current` is never null.
        let old = unsafe { NonNull::new_unchecked(old) };
        let free_at = self.writer.epoch + GRACE;
        self.writer.retired.push((free_at, Retired(old)));
    }

    /// When everything replaced so far is free.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.writer.epoch + GRACE)
    }

    /// Ends the writing, and leaves what was replaced to whoever comes next, unless that has become much.
    ///
    /// For who does not wait for its end: a look whether readers are left delays those. What is freed may panic.
    pub(crate) fn leave(self) {
        if self.writer.retired.len() >= MUCH {
            self.finish();
        }
    }

    /// Ends the writing, and leaves what was replaced to whoever comes next if there are readers, or seem to be.
    ///
    /// For who would like to know them gone, and does not wait. What is freed may panic.
    pub(crate) fn finish_if_quiet(self) {
        let is_unused = |readers: &AtomicUsize| readers.load(Ordering::Relaxed) == 0;
        if self.cell.shards.iter().all(|shard| shard.readers.iter().all(is_unused)) {
            self.finish();
        } else {
            self.leave();
        }
    }

    /// Ends the writing, and frees what is due. What is freed may panic, and does not come back then.
    ///
    /// What is freed may be anything, so the lock is released first. One thread frees at a time, so that it is known
    /// how far it has come; what is due meanwhile is left to whoever comes next.
    pub(crate) fn finish(mut self) -> Ticket {
        let ticket = self.ticket();
        for _ in 0..GRACE {
            if !self.advance() {
                break;
            }
        }
        let now = self.writer.epoch;
        // Acquires what was freed up to now, for whoever finds nothing due.
        if self.cell.freeing.load(Ordering::Acquire) {
            return ticket;
        }
        let due = self.writer.retired.partition_point(|(free_at, _)| *free_at <= now);
        let free: Vec<_> = self.writer.retired.drain(..due).collect();
        self.cell.freeing.store(true, Ordering::Relaxed);
        let _freeing = Freeing { cell: self.cell, now, _open: Calling::count() };
        drop(self);
        drop(free);
        ticket
    }

    /// Moves the epoch on, if the set of counters that it is about to name is empty.
    fn advance(&mut self) -> bool {
        let next = self.writer.epoch + 1;
        let set = usize::from(next & 1 != 0);
        let shards = &self.cell.shards;
        // Mostly somebody is there, and a look tells without taking the counter from them.
        if shards.iter().any(|shard| shard.readers[set].load(Ordering::Relaxed) != 0) {
            return false;
        }
        // A change that changes nothing, so that it is in one order with those of the readers: see `Rcu::read`. It releases
        // the exchange to the readers that come later, and acquires what those did that left: each of them left with a
        // release, and every change is a read-modify-write, so the chain from each leaving to here is unbroken.
        let empty = |shard: &Apart<Shard>| shard.readers[set].fetch_add(0, Ordering::AcqRel) == 0;
        if !shards.iter().all(empty) {
            return false;
        }
        for shard in shards {
            shard.set.store(set, Ordering::Relaxed);
        }
        self.writer.epoch = next;
        self.cell.epochs.0.store(next, Ordering::Release);
        true
    }
}

/// The freeing of what was due in an epoch, until this is dropped, by unwinding too.
struct Freeing<'a, T> {
    cell: &'a Rcu<T>,
    now: u64,
    // What is freed may wait for this cell in turn, and so for this thread.
    _open: Calling,
}

impl<T> Drop for Freeing<'_, T> {
    fn drop(&mut self) {
        self.cell.freed.store(self.now, Ordering::Release);
        self.cell.freeing.store(false, Ordering::Release);
    }
}

/// A pinned value: it stays until this is dropped, whatever is published meanwhile.
pub(crate) struct Reader<'a, T> {
    // No reference: one would have to stay valid until this is gone, and the value may be freed while it goes.
    value: NonNull<T>,
    readers: &'a AtomicUsize,
    _cell: PhantomData<&'a Rcu<T>>,
}

// SAFETY: it is a `&T` and a `&AtomicUsize` in all but name, and leaves the counter that it entered wherever it is dropped.
unsafe impl<T: Sync> Send for Reader<'_, T> {}

// SAFETY: as above.
unsafe impl<T: Sync> Sync for Reader<'_, T> {}

impl<T> Deref for Reader<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this reader is counted, so no writer frees the value before it is dropped.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for Reader<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Whatever was read was read before this.
        self.readers.fetch_sub(1, Ordering::Release);
    }
}

impl<T: fmt::Debug> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
