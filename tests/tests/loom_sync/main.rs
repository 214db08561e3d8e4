//! Locks, and what else threads wait for, in every order in which threads can take turns.
//!
//! The library's files are compiled here a second time, over locks that the model checker loom sees. Run with
//! `.ci/run loom`.
#![cfg(loom)]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a part of the library is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

extern crate alloc;

mod barrier;
mod channels;
mod completion;
mod condvar;
mod locks;
mod once_lock;
mod rwlocks;
mod select;
mod semaphore;
mod spinning;

/// Everything that is replaced.
mod primitive {
    pub use loom::sync::atomic::{AtomicPtr, Ordering, fence};
    pub use nonblock_tests::model::{
        Cell as UnsafeCell, Flag as AtomicBool, Instant, Number as AtomicUsize,
        Number32 as AtomicU32, OnceLock, Thread, current, is_over, lock_is_free, park,
        park_timeout, wait_for_lock,
    };

    /// None, so that there is the less to explore.
    pub const LOOKS_AT_A_HALF_DONE_SLOT: usize = 0;
    /// The checker lets others go on, so it takes few.
    pub const ROUNDS_AT_A_HALF_DONE_SLOT: u32 = 100;
    pub const LOOKS_BEFORE_WAITING: u32 = 0;

    /// So that a waiter whom others overtake once is overdue.
    pub const LOOKS_UNTIL_OVERDUE_IN_LINE: usize = 2;

    /// One, so that values soon go into another ring.
    pub const FIRST_RING_CAPACITY: usize = 1;

    /// To the checker, looking again is of use only after others went on.
    pub fn relax(_round: u32) {
        loom::thread::yield_now();
    }

    /// The checker knows one order of fences, and none of other operations.
    pub fn load_after_rmw(word: &AtomicU32) -> u32 {
        fence(Ordering::SeqCst);
        word.load(Ordering::Relaxed)
    }

    /// Few, so that there is the less to explore.
    pub const LOOKS_UNTIL_OVERDUE: usize = 1;
    pub const LOOKS_FOR_AN_OVERDUE_WAITER: usize = 1;
    pub const LOOKS_FOR_AN_OVERDUE_WRITER: usize = 1;

    pub fn release(word: &AtomicUsize, value: usize) {
        word.swap(value, Ordering::Release);
    }

    /// To the checker, looking again is of use only after others went on.
    pub fn spin(_times: u32) {
        loom::thread::yield_now();
    }
}

/// What locks take from the rest of the library: sections that are counted for the spin locks of the model.
mod section {
    use nonblock_tests::model::Depth;

    use crate::token::{NonBlock, lend_non_block};

    #[derive(Debug)]
    pub struct Section(Depth, NonBlock);

    impl Section {
        pub fn enter() -> Self {
            Self(Depth::enter(), lend_non_block())
        }

        pub fn token(&mut self) -> &mut NonBlock {
            &mut self.1
        }

        pub fn run<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
            f(Self::enter().token())
        }
    }
}

/// What sleeps must not be in a section.
mod check {
    use nonblock_tests::model::Depth;

    pub fn might_sleep() {
        assert_eq!(Depth::now(), 0, "a sleep in a section");
    }

    pub fn might_sleep_in_drop() {
        might_sleep();
    }

    /// As the library's: what is called with the token that was lent.
    pub mod with_token {
        pub use super::might_sleep;

        pub fn lend() {
            might_sleep();
        }

        pub fn lend_at(_place: crate::violation::Place) {
            might_sleep();
        }
    }
}

/// Where a call is, which no model looks at.
mod violation {
    #[derive(Clone, Copy, Debug)]
    pub struct Place;

    impl Place {
        pub fn caller() -> Self {
            Self
        }
    }
}

#[path = "../../../nonblock/src/cache_padded.rs"]
mod cache_padded;
#[path = "../../../nonblock/src/context.rs"]
mod context;
#[path = "../../../nonblock/src/event_count/mod.rs"]
mod event_count;
/// Nobody looks here at who waits for whom.
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../../nonblock/src/lock_graph/mod.rs"]
mod lock_graph;
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../../nonblock/src/lockdep/mod.rs"]
mod lockdep;
#[path = "../../../nonblock/src/mpmc_ring.rs"]
mod mpmc_ring;
#[path = "../../../nonblock/src/token.rs"]
mod token;

/// As the library's: what is used of it here.
#[allow(dead_code, unreachable_pub, reason = "a part of it is used")]
#[path = "../../../nonblock/src/unwind"]
mod unwind {
    mod first_panic;

    pub use first_panic::FirstPanic;
}

pub use context::{Context, WouldBlock};
pub use token::{NoToken, NonBlock, Sleepable};

/// The library's own modules, except those that are written out here.
#[path = "../../../nonblock/src/sync"]
mod sync {
    use nonblock_tests::model;

    mod barrier;
    pub mod channel;
    mod completion;
    mod condvar;
    mod macros;
    mod mutex;
    mod once_lock;
    mod raw_lock;
    mod raw_parking;
    mod raw_spin;
    mod raw_spin_tag;
    mod rwlock;
    mod rwlock_guards;
    mod semaphore;
    mod spin_lock;
    mod spin_rwlock;

    pub use barrier::Barrier;
    pub use completion::Completion;
    pub use mutex::MutexGuard;
    pub use once_lock::OnceLock;
    pub use rwlock_guards::{RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
    pub use semaphore::Semaphore;

    pub type Mutex<T> = mutex::Mutex<T, raw_parking::RawParkingMutex>;
    pub type SpinLock<T> = spin_lock::SpinLock<T, model::RawSpinning>;
    pub type RwLock<T> = rwlock::RwLock<T, raw_parking::RawParkingRwLock>;
    pub use raw_spin_tag::RawSpin;
    pub use spin_rwlock::SpinRwLockWriteGuard;

    pub type SpinningLock<T> = spin_lock::SpinLock<T, RawSpin>;
    pub type SpinningRwLock<T> = spin_rwlock::SpinRwLock<T, RawSpin>;
    pub type SpinRwLock<T> = spin_rwlock::SpinRwLock<T, model::RawSpinningReadWrite>;
    pub type Condvar = condvar::Condvar<raw_parking::RawParkingCondvar>;

    /// The library has `new` for its default raw locks only. Here these are the model's.
    macro_rules! new {
        ($($name:ident),*) => {
            $(impl<T> $name<T> {
                pub const fn new(value: T) -> Self {
                    Self::with_raw(value)
                }
            })*
        };
    }
    new!(Mutex, SpinLock, RwLock, SpinRwLock);

    impl Condvar {
        pub const fn new() -> Self {
            Self::with_raw()
        }
    }
}

use std::sync::Arc;

use loom::thread::JoinHandle;
use token::lend_sleepable;

/// Starts a thread that is lent the right to sleep, and what it shares with others.
fn spawn<S, R>(shared: &Arc<S>, f: impl FnOnce(&S, &mut Sleepable) -> R + 'static) -> JoinHandle<R>
where
    S: 'static,
    R: 'static,
{
    let shared = Arc::clone(shared);
    loom::thread::spawn(move || f(&shared, &mut lend_sleepable()))
}

/// Runs the closure in a section of a token's.
fn non_block<R>(cx: &mut Sleepable, f: impl FnOnce(&mut NonBlock) -> R) -> R {
    Context::non_block(cx, f)
}

/// A number that the checker sees: it reports who changes it while another reads or changes it.
#[derive(Debug, Default)]
struct Guarded(loom::cell::UnsafeCell<u32>);

// SAFETY: the locks under test are to keep its users apart, and the checker reports where they do not.
unsafe impl Sync for Guarded {}
// SAFETY: it is a number.
unsafe impl Send for Guarded {}

impl Guarded {
    fn read(&self) -> u32 {
        // SAFETY: the checker looks that nobody writes meanwhile.
        self.0.with(|value| unsafe { *value })
    }

    fn add(&self, more: u32) {
        // SAFETY: the checker looks that nobody else has it meanwhile.
        self.0.with_mut(|value| unsafe { *value += more });
    }
}
