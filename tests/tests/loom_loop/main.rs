//! The loop that the library is about, in every order in which its three threads can take turns: an allocation waits for
//! memory, and a driver that holds its table waits for a lock of the allocation's; the reaper that would free memory calls
//! the driver, and the driver's callback wants the table.
//!
//! With a callback that waits there is an order in which nobody goes on, and the model checker finds it. With one that
//! refuses, and a reaper that skips what was refused and comes back for it, there is none.
//!
//! The address space, the mutex and the semaphore are the library's own, compiled here a second time over locks that the
//! checker sees. The reaper keeps to the steps of `oom`, whose own takes real memory from the kernel, which no checker
//! sees. Run with `.ci/run loom`.
#![cfg(loom)]
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "a part of the library is used"
)]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

// The files of `nonblock-mm` name the library by its crate.
extern crate self as nonblock;

/// Everything that is replaced.
mod primitive {
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering, fence};
    pub use nonblock_tests::model::{
        Cell as UnsafeCell, Instant, Mutex, MutexGuard, Number as AtomicUsize,
        Number32 as AtomicU32, Thread, current, is_over, lock_is_free, park, park_timeout,
        wait_for_lock,
    };
    pub use std::sync::PoisonError;

    /// None, so that there is the less to explore.
    pub const LOOKS_BEFORE_WAITING: u32 = 0;

    /// To the checker, looking again is of use only after others went on.
    pub fn relax(_round: u32) {
        loom::thread::yield_now();
    }

    /// The checker knows one order of fences, and none of other operations.
    pub fn load_after_rmw(word: &AtomicU32) -> u32 {
        fence(Ordering::SeqCst);
        word.load(Ordering::Relaxed)
    }

    /// One thread of three has none, and counts itself.
    pub const RCU_RECORDS: usize = 2;
    /// A read within another has none, and is counted.
    pub const RCU_SLOTS: usize = 1;
    /// Readers do without a fence again as soon as they may.
    pub const RCU_FENCED_READS: u32 = 1;
    /// Nothing waits to be freed, so that there is the more to explore.
    pub const RCU_MAX_RETIRED: usize = 1;
    /// An invalidation looks once, waits, and then ends the turn.
    pub const MAX_TURN_WAITS: u32 = 1;

    macro_rules! per_thread {
        ($(#[$attribute:meta])* static $name:ident: $value:ty = $start:expr;) => {
            loom::thread_local! {
                $(#[$attribute])*
                static $name: std::cell::Cell<$value> = std::cell::Cell::new($start);
            }
        };
    }
    pub(crate) use per_thread;

    macro_rules! per_process {
        (static $name:ident: $type:ty = $start:expr;) => {
            loom::lazy_static! { static ref $name: $type = $start; }
        };
    }
    pub(crate) use per_process;

    macro_rules! array_of {
        ($item:expr; $count:expr) => {
            std::array::from_fn::<_, { $count }, _>(|_| $item)
        };
    }
    pub(crate) use array_of;

    loom::thread_local! {
        static KEY: usize = {
            static LAST: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            1 + LAST.fetch_add(1, Ordering::Relaxed)
        };
    }

    /// An address could be used again or not, which would change what the model does.
    pub fn thread_key() -> usize {
        KEY.with(|key| *key)
    }

    pub fn has_heavy_fence() -> bool {
        true
    }

    /// Both sides are full fences: see `rcu::readers`.
    pub fn light_fence() {
        fence(Ordering::SeqCst);
    }

    pub fn heavy_fence() {
        fence(Ordering::SeqCst);
    }
}

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

mod check {
    use nonblock_tests::model::Depth;

    pub fn might_sleep() {
        assert_eq!(Depth::now(), 0, "a sleep in a section");
    }

    /// As the library's: what is called with the token that was lent.
    pub mod with_token {
        pub use super::might_sleep;

        pub fn lend() {}

        pub fn lend_at(_place: crate::violation::Place) {}
    }
}

/// Where a call is, which no model looks at.
pub mod violation {
    pub use crate::Place;
}

pub mod raw {
    use crate::token::NonBlock;
    use crate::{Place, section::Section};

    pub fn non_block<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }

    pub fn non_block_at<R>(_: Place, f: impl FnOnce(&mut NonBlock) -> R) -> R {
        Section::run(f)
    }
}

pub const CHECKS: bool = false;

#[derive(Clone, Copy, Debug)]
pub struct Place;

impl Place {
    pub const fn caller() -> Self {
        Self
    }
}

pub mod thread {
    use crate::token::Sleepable;

    #[derive(Debug)]
    pub struct Backoff;

    impl Backoff {
        pub fn new() -> Self {
            Self
        }

        pub fn snooze(&mut self, _cx: &mut Sleepable) {
            loom::thread::yield_now();
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
#[path = "../../../nonblock/src/token.rs"]
mod token;

pub use check::might_sleep;
pub use context::{Context, WouldBlock};
pub use token::{NoToken, NonBlock, Sleepable};

/// The library's own modules, except those that are written out here.
#[path = "../../../nonblock/src/sync"]
pub mod sync {
    use nonblock_tests::model;

    mod macros;
    mod mutex;
    mod raw_lock;
    mod raw_spin_tag {
        use nonblock_tests::model::RawSpinning;

        pub struct RawSpin;
        impl super::raw_lock::RawSpinLock for RawSpin {
            type Raw = RawSpinning;
        }
    }
    mod semaphore;
    mod spin_lock;

    pub use semaphore::Semaphore;

    pub type Mutex<T> = mutex::Mutex<T, model::RawLock>;
    pub type MutexGuard<'a, T> = mutex::MutexGuard<'a, T, model::RawLock>;
    pub type SpinLock<T> = spin_lock::SpinLock<T, model::RawSpinning>;

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
    new!(Mutex, SpinLock);
}

#[path = "../../../nonblock/src/unwind"]
pub mod unwind {
    mod drop_caught;
    mod first_panic;

    pub use drop_caught::DropCaught;
    pub(crate) use first_panic::for_each_of;
    pub use first_panic::{FirstPanic, for_each};
}

#[path = "../../../nonblock/src/rcu/mod.rs"]
pub mod rcu;

#[path = "../../../nonblock-mm/src/mmu/mod.rs"]
mod mmu;

use std::sync::Arc;

use loom::thread as threads;
use mmu::{AddressSpace, Event, Invalidate, PAGE_SIZE, Range};
use nonblock_tests::model::explore_deep;
use sync::{Mutex, Semaphore};
use token::lend_sleepable;

/// A machine without a free page, and a process on it that is to give its own up.
struct Machine {
    /// The free pages. An allocation waits for one.
    pages: Semaphore,
    /// Something that allocations and drivers share, as the lock of a mapping.
    shared: Mutex<()>,
    victim: AddressSpace,
    driver: Arc<Driver>,
}

/// A driver that mirrors the first of the victim's two ranges.
struct Driver {
    mirrored: Range,
    /// How many of its pages the device maps.
    table: Mutex<usize>,
}

impl Invalidate for Driver {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.mirrored.overlaps(range) {
            *self.table.acquire(cx)? = 0;
        }
        Ok(())
    }
}

fn ranges() -> [Range; 2] {
    [0, PAGE_SIZE].map(|start| Range::with_len(start, PAGE_SIZE).unwrap())
}

impl Machine {
    fn new(cx: &mut Sleepable) -> Arc<Self> {
        let driver = Arc::new(Driver { mirrored: ranges()[0], table: Mutex::new(0) });
        let victim = AddressSpace::new();
        std::mem::forget(victim.subscribe(driver.clone(), cx).unwrap());
        Arc::new(Self { pages: Semaphore::new(0), shared: Mutex::new(()), victim, driver })
    }

    /// A thread allocates a page, and holds what it shares with the driver.
    fn allocate(&self, cx: &mut Sleepable) {
        let _shared = self.shared.lock(cx);
        self.pages.down(cx);
    }

    /// The driver maps a page: it needs what allocations hold, and never memory itself.
    fn job(&self, cx: &mut Sleepable) {
        let mut table = self.driver.table.lock(cx);
        let _shared = self.shared.lock(cx);
        *table += 1;
    }

    /// The reaper as it was: it waits for drivers.
    fn reap_and_wait(&self, cx: &mut Sleepable) {
        for range in ranges() {
            let _invalidation = self.victim.invalidate(range, Event::Unmap, cx);
            self.pages.up();
        }
    }

    /// The reaper of `oom`: it skips what is refused, and comes back for it. Returns how often it was refused.
    fn reap(&self, cx: &mut Sleepable) -> usize {
        let mut left = ranges().to_vec();
        let mut refusals = 0;
        loop {
            left.retain(|range| match self.victim.try_invalidate(*range, Event::Unmap, cx) {
                Ok(_invalidation) => {
                    self.pages.up();
                    false
                }
                Err(WouldBlock) => {
                    refusals += 1;
                    true
                }
            });
            if left.is_empty() {
                return refusals;
            }
            // In place of the interval between two tries.
            threads::yield_now();
        }
    }
}

/// Runs the three threads. One of the victim's two pages is enough for the allocation.
fn run(reaper: fn(&Machine, &mut Sleepable)) {
    let cx = &mut lend_sleepable();
    let machine = Machine::new(cx);
    let threads =
        [Machine::allocate as fn(&Machine, &mut Sleepable), Machine::job].map(|allocating| {
            let machine = Arc::clone(&machine);
            threads::spawn(move || allocating(&machine, &mut lend_sleepable()))
        });
    reaper(&machine, cx);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(machine.pages.available(), 1, "two were freed, and one allocated");
    assert!(machine.driver.table.try_lock().is_some());
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_notifier_that_waits_can_hang_the_machine() {
    explore_deep(2, || run(Machine::reap_and_wait));
}

#[test]
fn one_that_refuses_never_does() {
    explore_deep(4, || {
        run(|machine, cx| {
            machine.reap(cx);
        });
    });
}

/// Without this the model above could show nothing: the refusal is met, and so is a first try that succeeds.
#[test]
fn both_ways_are_taken_through_the_one_that_refuses() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static REFUSED: AtomicBool = AtomicBool::new(false);
    static GRANTED: AtomicBool = AtomicBool::new(false);
    explore_deep(2, || {
        run(|machine, cx| match machine.reap(cx) {
            0 => GRANTED.store(true, Relaxed),
            _ => REFUSED.store(true, Relaxed),
        });
    });
    assert!(REFUSED.load(Relaxed) && GRANTED.load(Relaxed));
}

/// What the reaper's coming back is for: one try, as a reaper that gives up makes it, leaves pages behind.
#[test]
#[should_panic(expected = "everything is taken at the first try")]
fn one_try_does_not_take_everything() {
    explore_deep(2, || {
        run(|machine, cx| {
            assert_eq!(machine.reap(cx), 0, "everything is taken at the first try");
        });
    });
}
