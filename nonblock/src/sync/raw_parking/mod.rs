//! What locks beneath `Mutex`, `RwLock` and `Condvar` unless their type names another raw lock: a word, and an event count in
//! which threads park.
//!
//! Taking a free lock is one compare-and-exchange. Releasing one is one read-modify-write, and a wake if somebody waits. So a
//! section that has taken such a lock by trying releases it without waiting for anybody: see `event_count`.

mod condvar;
mod mutex;
mod rwlock;

pub use condvar::RawParkingCondvar;
pub use mutex::RawParkingMutex;
pub use rwlock::RawParkingRwLock;

use crate::primitive::{AtomicUsize, LOOKS_UNTIL_OVERDUE_IN_LINE, Ordering};

/// Counts how often a waiter has looked in vain. Whoever looks often enough is overdue: somebody else has taken the lock each
/// time, since a thread that comes may take a free lock at once, also where others wait. From then on all get in line, until
/// one of those in line has the lock.
#[derive(Default)]
struct Patience(usize);

impl Patience {
    /// Sets the bit of the overdue in a word, if it is time to. Does nothing if the word is no longer what was seen.
    fn look_in_vain(&mut self, word: &AtomicUsize, seen: usize, overdue: usize) {
        self.0 += 1;
        if self.0 >= LOOKS_UNTIL_OVERDUE_IN_LINE && seen & overdue == 0 {
            // If it fails, the lock may be free: whoever waits has to look again anyway.
            let _ =
                word.compare_exchange(seen, seen | overdue, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}
