//! The raw lock with priority inheritance: a word with the id of the thread that has the lock, and the kernel, which knows by it
//! whom to lend a waiter's priority.
//!
//! Taking a free lock is one compare-and-exchange of 0 for the id of this thread, and releasing one for which nobody waits is one
//! back to 0. Whoever finds the lock taken calls the kernel (`FUTEX_LOCK_PI`), which sets a bit in the word. With that bit the
//! compare-and-exchange of the release fails, and the release is a call too (`FUTEX_UNLOCK_PI`), in which the kernel hands the
//! lock to the first waiter. See `Documentation/locking/pi-futex.rst` and `rt-mutex.rst` of Linux.
//!
//! No model checker explores this: the half of the protocol is in the kernel.

mod error;
mod futex;
mod mutex;
mod thread_id;

pub use mutex::RawPiMutex;
