//! The readers of one [`Rcu`](super::Rcu): how they say that they read, and how a writer sees that they are gone.
//!
//! # The protocol
//!
//! An `Rcu` has a *tag*: its number, and a *phase*, which is 0 or 1. A reader
//!
//! 1. loads the tag, and stores it in a free slot of its own record,
//! 2. makes a light fence,
//! 3. loads the tag again: if the tag says that readers are *fenced*, it makes a full fence,
//! 4. loads the pointer to the value,
//! 5. and stores 0 in the slot when its guard is dropped.
//!
//! A writer
//!
//! 1. exchanges the pointer,
//! 2. *orders the readers*: it marks the tag as fenced, by a read-modify-write. If the tag was not fenced before, it makes a
//!    heavy fence, and otherwise a full one,
//! 3. looks at all slots of all records. If none has the number with the other phase, it flips the phase of the tag, by a
//!    read-modify-write. From then on new readers use that phase, and the readers of the phase before drain.
//!
//! When both phases were found without readers since the readers were ordered, nobody has the old value any more.
//!
//! So readers pay for a fence while somebody writes, and the writers do not interrupt them. A reader that was made to fence
//! often, while nobody else made it stop, clears the mark by a read-modify-write ([`unfence`](Readers::unfence)): from then on
//! reading costs no fence, and the next writer makes a heavy one. Without heavy fences, the tag is fenced for ever.
//!
//! # Why no reader of the old value is overlooked
//!
//! Let a reader have loaded the old pointer (4), a writer have exchanged it, and then have ordered the readers by the
//! read-modify-write `U` of the tag. The claim is that each later look of the writer at the reader's slot finds what the reader
//! has stored there (1), or something later. All changes of the tag are read-modify-writes that acquire and release, so
//! each of them happens after all changes before it.
//!
//! * *The reader found the tag fenced in 3.* Both sides made a full fence, or a heavy one, between their store and their load. If the
//!   reader's comes first, the writer finds the slot. If the writer's comes first, the reader finds the new pointer: it did
//!   not.
//! * *The reader found the tag not fenced, as a change before `U` left it.* Some change up to `U` marked it again. The first to do
//!   so after what the reader found made a heavy fence. If the reader's light fence comes before that, all later looks find
//!   the slot, also those after `U`. If it comes after that, the load of 3 comes after the mark, and finds it: it did not.
//! * *The reader found the tag not fenced, as a change after `U` left it.* That change happens after `U`, and so after the
//!   exchange. The load of 3 acquires it. So the load of 4 finds the new pointer: it did not.
//!
//! So the load of the tag in 1 matters for progress only. A reader may stall between 1 and its store, and then store an old
//! phase. It is found under that phase, whichever it is. And since a reader keeps its phase, it is found until it leaves, when the
//! writer looks for that phase.
//!
//! What a reader does before it leaves, it releases with 5. The slot is stored to by releases only, so a look that finds
//! something later acquires that too.
//!
//! # Readers without a slot
//!
//! A thread has few slots, and there are not records for any number of threads. A reader that has no slot adds itself to a
//! counter of the phase, by a read-modify-write, in place of 1 to 3, and the writer looks at the counter by a
//! read-modify-write too. All changes of one counter have one order. If the writer's look comes before the reader's change, the
//! exchange before the look happens before the load of 4, which finds the new pointer. If it comes after, it finds the reader.
//!
//! # In the models
//!
//! The model checker knows no asymmetric fences. There both are full fences, at the places where they stand here. So the
//! models cover the protocol with heavy fences up to the claim of `asymmetric_fence`: that a light fence is a full one
//! for whoever makes a heavy one. For the protocol without heavy fences they cover all.

use core::sync::atomic::AtomicUsize as PlainAtomicUsize;

use super::thread_record;
use crate::primitive::{
    AtomicUsize, Ordering, RCU_FENCED_READS, fence, has_heavy_fence, heavy_fence, light_fence,
    per_thread,
};

/// The phase of a tag.
const PHASE: usize = 1;

/// Whether readers make a full fence.
const FENCED: usize = 1 << 1;

/// This is set in every tag, and in no counter. So a tag is never 0.
const IS_TAG: usize = 1 << 2;

/// One reader in a counter. It is also the distance of two numbers.
const ONE: usize = 1 << 3;

per_thread! {
    /// How many full fences this thread has made since it last cleared a mark.
    static FENCED_READS: u32 = 0;
}

/// The tag of an [`Rcu`](super::Rcu), by which its readers are known.
#[derive(Debug)]
pub(super) struct Readers {
    tag: AtomicUsize,
    /// The tag without the phase and the mark.
    number: usize,
}

/// The readers of an [`Rcu`](super::Rcu) that have no slot: a counter for each phase.
///
/// It is apart from the tag, so that those who count themselves take no cache line from the others.
#[derive(Debug)]
pub(super) struct WithoutSlot {
    counters: [AtomicUsize; 2],
}

impl WithoutSlot {
    pub(super) fn new() -> Self {
        Self { counters: [AtomicUsize::new(0), AtomicUsize::new(0)] }
    }
}

impl Readers {
    pub(super) fn new() -> Self {
        /// With pointers of fewer than 64 bits the numbers may start over. Then two that have the same wait for each other's
        /// readers too.
        static NEXT: PlainAtomicUsize = PlainAtomicUsize::new(0);

        let number = NEXT.fetch_add(ONE, Ordering::Relaxed) | IS_TAG;
        let fenced = if has_heavy_fence() { 0 } else { FENCED };
        let tag = AtomicUsize::new(0);
        tag.store(number | fenced, Ordering::Relaxed);
        Self { tag, number }
    }

    /// Begins a read. What is loaded after this stays as it is until the read ends.
    #[inline]
    pub(super) fn enter<'a>(&self, without_slot: &'a WithoutSlot) -> ActiveRead<'a> {
        let tag = self.tag.load(Ordering::Relaxed);
        let Some(slot) = thread_record::free_slot() else {
            return enter_without_slot(tag, without_slot);
        };
        slot.store(tag, Ordering::Release);
        light_fence();
        let tag = self.tag.load(Ordering::Acquire);
        if tag & FENCED != 0 {
            fence(Ordering::SeqCst);
            self.count_fence(tag);
        }
        ActiveRead { place: slot, _of_this_thread: [] }
    }

    /// Counts a full fence of a reader. If there were many, lets readers do without from now on.
    #[inline]
    fn count_fence(&self, tag: usize) {
        if !has_heavy_fence() {
            return;
        }
        FENCED_READS.with(|fenced_reads| {
            fenced_reads.set(fenced_reads.get() + 1);
            if fenced_reads.get() >= RCU_FENCED_READS {
                fenced_reads.set(0);
                self.unfence(tag);
            }
        });
    }

    /// Clears the mark in the tag, unless the tag has changed.
    #[cold]
    #[inline(never)]
    fn unfence(&self, tag: usize) {
        let unfenced = tag & !FENCED;
        let _ = self.tag.compare_exchange(tag, unfenced, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Orders all readers with what this thread has done before: those that are not found from now on find it.
    ///
    /// May sleep.
    pub(super) fn order(&self) {
        if self.tag.fetch_or(FENCED, Ordering::AcqRel) & FENCED == 0 {
            heavy_fence();
        } else {
            fence(Ordering::SeqCst);
        }
    }

    /// Returns whether there are readers of a phase, as far as this thread sees.
    ///
    /// If not, it has acquired what they did before they left.
    pub(super) fn are_there(&self, phase: usize, without_slot: &WithoutSlot) -> bool {
        let tag = self.number | phase;
        thread_record::any_slot(|slot| slot & !FENCED == tag)
            || without_slot.counters[phase].fetch_add(0, Ordering::AcqRel) != 0
    }

    /// Has new readers use the other phase.
    pub(super) fn flip(&self) {
        self.tag.fetch_xor(PHASE, Ordering::AcqRel);
    }
}

/// Begins a read that has no slot.
#[cold]
#[inline(never)]
fn enter_without_slot(tag: usize, without_slot: &WithoutSlot) -> ActiveRead<'_> {
    let counter = &without_slot.counters[tag & PHASE];
    let others = counter.fetch_add(ONE, Ordering::Acquire);
    // Threads do not get to 2^60, not even by forgetting guards.
    if usize::BITS < 64 && others > usize::MAX / 2 {
        too_many_readers(counter);
    }
    thread_record::begin_without_slot();
    ActiveRead { place: counter, _of_this_thread: [] }
}

/// Refuses a reader. If the count ran over, a writer would free a value that is pinned.
#[cold]
fn too_many_readers(counter: &AtomicUsize) -> ! {
    counter.fetch_sub(ONE, Ordering::Relaxed);
    panic!("an `Rcu` with more readers than it can count: were guards forgotten?");
}

/// Tells, by its name in messages of the compiler, why a read is neither `Send` nor `Sync`.
trait GuardStaysOnItsThread {}

/// A read that this thread has under way. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct ActiveRead<'a> {
    /// The slot, or the counter.
    place: &'a AtomicUsize,
    // The slot belongs to the thread. It is an empty array for the same reason as in the tokens.
    _of_this_thread: [*mut dyn GuardStaysOnItsThread; 0],
}

impl Drop for ActiveRead<'_> {
    #[inline]
    fn drop(&mut self) {
        // All reads of the value come before this.
        if self.place.load(Ordering::Relaxed) & IS_TAG != 0 {
            self.place.store(0, Ordering::Release);
        } else {
            leave_without_slot(self.place);
        }
    }
}

/// Ends a read that has no slot.
#[cold]
#[inline(never)]
fn leave_without_slot(counter: &AtomicUsize) {
    counter.fetch_sub(ONE, Ordering::Release);
    thread_record::end_without_slot();
}
