//! The objects of a reserve. Each lies in a slot of its own, and stays there while it is lent.
//!
//! Two sets of slots tell what each slot holds. Who takes a slot out of a set has it alone, until it puts the slot into one of
//! the sets:
//!
//! | in the set | the slot |
//! |---|---|
//! | `free` | holds an object that is not lent |
//! | `missing` | holds nothing: its object was taken for good |
//! | neither | is lent, or about to be in one of the sets |
//!
//! A set is a count and a bit for each slot. Who takes a slot counts it out first, and then looks for a bit that is set: since
//! bits are set before they are counted in, there is one for everybody who was counted out. No step waits for another thread, so
//! taking is lock-free, and putting back is wait-free.

use alloc::boxed::Box;
use core::mem::MaybeUninit;

use crate::primitive::{AtomicUsize, Ordering, UnsafeCell};

/// The objects that a reserve has, and the slots of those that it lacks.
pub(super) struct Objects<T> {
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    free: SlotSet,
    missing: SlotSet,
}

// SAFETY: an object is reached only by the thread that has taken its slot out of a set, and by those to which it lends it. So
// objects move between threads. `Reserved`, which lends them, is `Sync` only if they are.
unsafe impl<T: Send> Sync for Objects<T> {}

impl<T> Objects<T> {
    pub(super) fn new(objects: Box<[T]>) -> Self {
        let capacity = objects.len();
        let slots = objects.into_iter().map(|object| UnsafeCell::new(MaybeUninit::new(object)));
        Self {
            slots: slots.collect(),
            free: SlotSet::new(capacity, capacity),
            missing: SlotSet::new(capacity, 0),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Returns how many objects are not lent.
    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// Returns how many objects were taken for good.
    pub(super) fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Lends an object. Returns how many are left too.
    pub(super) fn lend(&self) -> Option<(Lent<'_, T>, usize)> {
        let (slot, left) = self.free.take()?;
        Some((Lent { objects: self, slot }, left))
    }

    /// Puts an object into the place of one that was taken for good. Returns it if there is none. If it is put in, that ends
    /// with a `SeqCst` read-modify-write.
    pub(super) fn put(&self, object: T) -> Result<(), T> {
        let Some((slot, _)) = self.missing.take() else { return Err(object) };
        self.slots[slot].with_mut(|place| {
            // SAFETY: this thread has taken the slot, and it holds nothing.
            unsafe { (*place).write(object) };
        });
        self.free.put(slot);
        Ok(())
    }

    /// Counts all that are lent as taken for good. Returns how many they are. Nothing is lent any more, as the borrow shows, so
    /// they were forgotten.
    pub(super) fn forget_lent(&mut self) -> usize {
        let forgotten = (0..self.capacity())
            .filter(|slot| !self.free.contains(*slot) && !self.missing.contains(*slot));
        forgotten.map(|slot| self.missing.put(slot)).count()
    }
}

impl<T> Drop for Objects<T> {
    fn drop(&mut self) {
        /// Goes on where the destructor of an object has panicked.
        struct DropRest<'a, T>(&'a Objects<T>);

        impl<T> Drop for DropRest<'_, T> {
            fn drop(&mut self) {
                while let Some((lent, _)) = self.0.lend() {
                    drop(lent.into_object());
                }
            }
        }

        let rest = DropRest(self);
        while let Some((lent, _)) = rest.0.lend() {
            drop(lent.into_object());
        }
    }
}

/// An object that is lent. Somebody has to end this, by [`give_back`](Self::give_back) or [`into_object`](Self::into_object).
pub(super) struct Lent<'a, T> {
    objects: &'a Objects<T>,
    slot: usize,
}

impl<T> Lent<'_, T> {
    pub(super) fn get(&self) -> &T {
        self.objects.slots[self.slot].with(|place| {
            // SAFETY: it is lent to `self`, which is borrowed as long as the object is.
            unsafe { &*place.cast::<T>() }
        })
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.objects.slots[self.slot].with_mut(|place| {
            // SAFETY: it is lent to `self` alone, which is borrowed exclusively as long as the object is.
            unsafe { &mut *place.cast::<T>() }
        })
    }

    /// Gives the object back. It ends with a `SeqCst` read-modify-write.
    pub(super) fn give_back(self) {
        self.objects.free.put(self.slot);
    }

    /// Takes the object for good.
    pub(super) fn into_object(self) -> T {
        let object = self.objects.slots[self.slot].with(|place| {
            // SAFETY: it is lent to `self`, which is used up. The slot holds nothing from now on, and is counted as such below.
            unsafe { place.cast::<T>().read() }
        });
        self.objects.missing.put(self.slot);
        object
    }
}

/// A set of slots.
struct SlotSet {
    count: AtomicUsize,
    words: Box<[AtomicUsize]>,
}

const BITS: usize = usize::BITS as usize;

impl SlotSet {
    /// Makes a set for so many slots, with the first few in it.
    fn new(slots: usize, held: usize) -> Self {
        let word = |word: usize| match held.saturating_sub(word * BITS) {
            bits @ 0..BITS => (1 << bits) - 1,
            _ => usize::MAX,
        };
        let words = (0..slots.div_ceil(BITS)).map(|index| AtomicUsize::new(word(index)));
        Self { count: AtomicUsize::new(held), words: words.collect() }
    }

    fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn contains(&self, slot: usize) -> bool {
        self.words[slot / BITS].load(Ordering::Acquire) & (1 << (slot % BITS)) != 0
    }

    /// Takes a slot out. Returns how many are left too.
    fn take(&self) -> Option<(usize, usize)> {
        let less = |count: usize| count.checked_sub(1);
        let before = self.count.try_update(Ordering::Acquire, Ordering::Relaxed, less).ok()?;
        loop {
            let taken = self.words.iter().enumerate().find_map(|(index, word)| {
                let bit = take_bit(word)?;
                Some(index * BITS + bit)
            });
            if let Some(slot) = taken {
                return Some((slot, before - 1));
            }
            // Others took bits behind this thread, and set bits ahead of it.
        }
    }

    /// Puts a slot in. It ends with a `SeqCst` read-modify-write.
    fn put(&self, slot: usize) {
        self.words[slot / BITS].fetch_or(1 << (slot % BITS), Ordering::Release);
        self.count.fetch_add(1, Ordering::SeqCst);
    }
}

/// Clears the lowest bit that is set, and returns its number.
fn take_bit(word: &AtomicUsize) -> Option<usize> {
    let mut bits = word.load(Ordering::Relaxed);
    while bits != 0 {
        let without_lowest = bits & (bits - 1);
        match word.compare_exchange_weak(bits, without_lowest, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => return Some(bits.trailing_zeros() as usize),
            Err(now) => bits = now,
        }
    }
    None
}
