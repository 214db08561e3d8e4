//! The record of each reading thread: the slots in which it shows what it reads.
//!
//! Threads that write look at the records of all threads. So a record cannot lie in the thread's own memory, which ends with
//! the thread. It lies in a table, and the thread keeps a reference to it.
//!
//! # How a thread gets a record, and how it gives it back
//!
//! It does neither by a destructor: a section must not set one up. The key of a record is the address of a thread-local
//! variable of its owner. No two threads that live have the same. So a thread that finds its own key in the table knows
//! that the owner has ended, and takes the record over. The memory of threads that ended is used for later threads, so there
//! are about as many keys as the program ever has threads at once. If there are more keys than the table has places, the
//! threads that find none count their reads in counters that they share.
//!
//! A record with a slot in use is not taken over. Its owner has forgotten a guard, which holds up the writers for ever.
//!
//! # Signal handlers
//!
//! A handler that reads may interrupt its thread at any instruction of this file. It finds a slot free, and leaves it free
//! when it drops its guard. So it does not matter if the thread has found the same slot free before. The handler must not
//! keep a guard beyond its return.

use core::cell::Cell;

use crate::cache_padded::CachePadded;
use crate::primitive::{
    AtomicUsize, Ordering, RCU_RECORDS, RCU_SLOTS, array_of, per_process, per_thread, thread_key,
};

/// The slots of one thread. Each is 0, or the tag of an [`Rcu`](super::Rcu) that the thread reads.
///
/// Only the owner stores here.
#[derive(Debug)]
pub(super) struct Record {
    slots: [AtomicUsize; RCU_SLOTS],
}

/// The records of all threads.
#[derive(Debug)]
struct Records {
    /// The owner's key, or 0 where there is no owner yet. Places are taken in order, and a key never changes.
    keys: [AtomicUsize; RCU_RECORDS],
    records: [CachePadded<Record>; RCU_RECORDS],
}

per_process! {
    static RECORDS: Records = Records {
        keys: array_of![AtomicUsize::new(0); RCU_RECORDS],
        records: array_of![
            CachePadded::new(Record { slots: array_of![AtomicUsize::new(0); RCU_SLOTS] });
            RCU_RECORDS
        ],
    };
}

per_thread! {
    /// The record of this thread, if it has one.
    static RECORD: Option<&'static Record> = None;
}

per_thread! {
    /// Whether this thread has found all records taken.
    static FOUND_NONE: bool = false;
}

per_thread! {
    /// How many reads this thread has under way that have no slot.
    static WITHOUT_SLOT: usize = 0;
}

/// Returns a slot of this thread that is free. There may be none: then the read has to be counted elsewhere.
#[inline]
pub(super) fn free_slot() -> Option<&'static AtomicUsize> {
    if let Some(record) = RECORD.with(Cell::get) {
        let first = &record.slots[0];
        if first.load(Ordering::Relaxed) == 0 {
            return Some(first);
        }
    }
    another_slot()
}

/// As [`free_slot`], for a thread that has not read yet, or reads already.
#[cold]
#[inline(never)]
fn another_slot() -> Option<&'static AtomicUsize> {
    if RECORD.with(Cell::get).is_none() && !FOUND_NONE.with(Cell::get) {
        let record = claim();
        RECORD.with(|mine| mine.set(record));
        FOUND_NONE.with(|found_none| found_none.set(record.is_none()));
    }
    let record = RECORD.with(Cell::get)?;
    record.slots.iter().find(|slot| slot.load(Ordering::Relaxed) == 0)
}

/// Takes a record for this thread. It looks at each place once, so it comes to an end whatever other threads do.
fn claim() -> Option<&'static Record> {
    let me = thread_key();
    let records: &'static Records = &RECORDS;
    for (key, record) in records.keys.iter().zip(&records.records) {
        let mut owner = key.load(Ordering::Relaxed);
        if owner == 0 {
            let taken = key.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed);
            // It is this thread's own if a signal handler came in between.
            owner = taken.err().unwrap_or(me);
        }
        // Acquires what an earlier owner did before it left its last read: see `Readers`.
        if owner == me && record.slots.iter().all(|slot| slot.load(Ordering::Acquire) == 0) {
            return Some(record);
        }
    }
    None
}

/// Returns whether a slot of any thread has a value that the closure chooses.
///
/// It acquires what the owner of each slot did before it stored what is found there.
pub(super) fn any_slot(chosen: impl Fn(usize) -> bool) -> bool {
    let is_owned = |key: &AtomicUsize| key.load(Ordering::Relaxed) != 0;
    let records: &'static Records = &RECORDS;
    // A thread that took a place had seen all places before it taken. So whoever must see its slot sees these keys too.
    let owned = records.keys.iter().zip(&records.records).take_while(|(key, _)| is_owned(key));
    let mut slots = owned.flat_map(|(_, record)| &record.slots);
    slots.any(|slot| chosen(slot.load(Ordering::Acquire)))
}

/// Counts a read of this thread that has no slot.
pub(super) fn begin_without_slot() {
    // Where guards that were forgotten could run it over, it stays at its highest number: a reader for ever.
    WITHOUT_SLOT.with(|reads| reads.set(reads.get().saturating_add(1)));
}

/// Ends such a read.
pub(super) fn end_without_slot() {
    WITHOUT_SLOT.with(|reads| {
        if reads.get() != usize::MAX {
            reads.set(reads.get() - 1);
        }
    });
}

/// Returns whether this thread is a reader. If so, it cannot wait for readers, and the ends of registrations and subscriptions
/// are deferred.
///
/// A thread is a reader while it holds a [`Guard`](super::Guard), while it is within a callback of any notifier chain or
/// address space, and while it has an invalidation of `nonblock-mm` open. If it forgets one of these (`core::mem::forget`), it
/// is a reader for ever.
///
/// A reader that waited for readers would wait for itself, or for another thread that waits for it. So on a reader,
/// [`Registration::unregister`](crate::notifier::Registration::unregister) does not wait, and
/// [`Rcu::synchronize`](super::Rcu::synchronize) panics. Where it matters that no callback runs any more, call this before.
///
/// Mirrors Linux's `rcu_read_lock_held()` (`include/linux/rcupdate.h`, 6.12).
///
/// # Context
///
/// May be called anywhere. Does not sleep.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock::NonBlock;
/// use nonblock::notifier::{Answer, AtomicChain};
/// use nonblock::rcu::ends_are_deferred;
///
/// let chain = AtomicChain::<u32>::new();
/// nonblock::sleepable(|cx| {
///     let callback = |_: &u32, _: &mut NonBlock| {
///         assert!(ends_are_deferred());
///         Answer::Continue
///     };
///     let registration = chain.register(Arc::new(callback), 0, cx).unwrap();
///     assert_eq!(chain.call(&0, cx).called(), 1);
///
///     assert!(!ends_are_deferred());
///     registration.unregister(cx);
/// });
/// ```
pub fn ends_are_deferred() -> bool {
    let record = RECORD.with(Cell::get);
    let has_slot =
        |record: &Record| record.slots.iter().any(|slot| slot.load(Ordering::Relaxed) != 0);
    record.is_some_and(has_slot) || WITHOUT_SLOT.with(Cell::get) != 0
}
