//! The notifiers under a model checker: every interleaving of a few threads, and every value that a load may return.
//!
//! The address space and what it stands on are compiled here a second time, whole, over loom's atomics, locks and
//! threads. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a part of the library is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

// The files of `nonblock-mm` name the library by its crate.
extern crate self as nonblock;

/// Everything that is replaced.
mod primitive {
    use std::cell::Cell;

    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

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
            $(#[$attribute])*
            static $name: crate::primitive::PerThread<$value> = {
                loom::thread_local! {
                    static CELL: std::cell::Cell<$value> = std::cell::Cell::new($start);
                }
                crate::primitive::PerThread(&CELL)
            };
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

    /// A cell for each thread of the model.
    pub struct PerThread<T: 'static>(pub &'static loom::thread::LocalKey<Cell<T>>);

    impl<T> PerThread<T> {
        /// A reader comes here before it stores to its slot.
        pub fn with<R>(&self, f: impl FnOnce(&Cell<T>) -> R) -> R {
            make_fence_of_interrupt();
            self.0.with(f)
        }
    }

    std::thread_local! {
        // The checker runs all threads of a model on one.
        /// How many heavy fences are to come, as far as light ones take part.
        static HEAVY_FENCES: Cell<usize> = const { Cell::new(0) };
        static HEAVY_FENCES_MADE: Cell<usize> = const { Cell::new(0) };
        /// Whether there are any.
        static HAS_HEAVY_FENCE: Cell<bool> = const { Cell::new(false) };
    }

    loom::thread_local! {
        /// How many heavy fences were made when this thread last looked.
        static HEAVY_FENCES_THEN: Cell<usize> = Cell::new(0);
    }

    /// Says for how many heavy fences a light one is a full one.
    pub fn set_heavy_fences(count: usize) {
        HEAVY_FENCES.set(count);
        HEAVY_FENCES_MADE.set(0);
        HAS_HEAVY_FENCE.set(count != 0);
    }

    pub fn has_heavy_fence() -> bool {
        HAS_HEAVY_FENCE.get()
    }

    /// Makes the fence that a heavy fence had this thread make, after what it had done then, and before what it does now.
    fn make_fence_of_interrupt() {
        let made = HEAVY_FENCES_MADE.get();
        if HEAVY_FENCES_THEN.with(|then| then.replace(made)) != made {
            fence(Ordering::SeqCst);
        }
    }

    /// It is a full one for those heavy fences that are to come: see `rcu::readers`.
    pub fn light_fence() {
        make_fence_of_interrupt();
        if HEAVY_FENCES.get() != 0 {
            fence(Ordering::SeqCst);
        }
    }

    pub fn heavy_fence() {
        fence(Ordering::SeqCst);
        HEAVY_FENCES.set(HEAVY_FENCES.get().saturating_sub(1));
        HEAVY_FENCES_MADE.set(HEAVY_FENCES_MADE.get() + 1);
    }
}

/// What the notifiers take from the rest of the library, without its counters.
mod section {
    use crate::token::{NonBlock, lend_non_block};

    pub struct Section;

    impl Section {
        pub fn run<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
            f(&mut lend_non_block())
        }
    }
}

mod check {
    pub fn might_sleep() {}

    /// As the library's: what is called with the token that was lent.
    pub mod with_token {
        pub use super::might_sleep;

        pub fn lend() {}
    }
}

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

#[path = "../../nonblock/src/cache_padded.rs"]
mod cache_padded;
#[path = "../../nonblock/src/context.rs"]
mod context;
/// Nobody looks here at who waits for whom.
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../nonblock/src/lock_graph/mod.rs"]
mod lock_graph;
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../nonblock/src/lockdep/mod.rs"]
mod lockdep;
#[path = "../../nonblock/src/token.rs"]
mod token;

pub use check::might_sleep;
pub use context::{Context, WouldBlock};
pub use token::{NoToken, NonBlock, Sleepable};

pub mod sync {
    use crate::context::Context;
    use crate::token::{NonBlock, Sleepable};

    #[derive(Debug)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);
    pub type MutexGuard<'a, T> = loom::sync::MutexGuard<'a, T>;

    impl<T> Mutex<T> {
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub fn lock(&self, _cx: &mut Sleepable) -> MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }
    }

    #[derive(Debug)]
    pub struct SpinLock<T>(loom::sync::Mutex<T>);

    impl<T> SpinLock<T> {
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub fn lock(&self, _nb: &NonBlock) -> MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }

        pub fn with<C: Context, R>(
            &self,
            cx: &mut C,
            f: impl FnOnce(&mut T, &mut NonBlock) -> R,
        ) -> R {
            cx.non_block(|nb| f(&mut self.0.lock().unwrap(), nb))
        }
    }
}

#[path = "../../nonblock/src/unwind"]
pub mod unwind {
    mod drop_caught;
    mod first_panic;

    pub use drop_caught::DropCaught;
    pub(crate) use first_panic::for_each_of;
    pub use first_panic::{FirstPanic, for_each};
}

#[path = "../../nonblock/src/rcu/mod.rs"]
pub mod rcu;

#[path = "../../nonblock-mm/src/mmu/mod.rs"]
mod mmu;

use std::sync::Arc;

use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::thread as threads;
use mmu::{
    AddressSpace, Event, Finish, Invalidate, InvalidateInterval, InvalidateTwoPass, PAGE_SIZE,
    Range,
};
use nonblock_tests::model::deep_or;
use rcu::{Rcu, Tombstone, VersionClock};
use token::lend_sleepable;

/// Explores every order with at most so many preemptions, without heavy fences and with them.
fn explore(preemptions: usize, model: impl Fn() + Copy + Send + Sync + 'static) {
    explore_with_heavy_fences(0, preemptions, model);
    // As many as are made, so that a light fence is a full one for all of them.
    explore_with_heavy_fences(usize::MAX, preemptions, model);
}

/// As `explore`, with so many heavy fences. A light fence after the last one is none.
fn explore_with_heavy_fences(
    heavy_fences: usize,
    preemptions: usize,
    model: impl Fn() + Send + Sync + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(move || {
        primitive::set_heavy_fences(heavy_fences);
        model();
    });
}

fn range() -> Range {
    Range::with_len(0, 4 * PAGE_SIZE).unwrap()
}

/// What says when it was freed, and lets the checker see who touches it then.
struct Guarded {
    alive: Arc<AtomicBool>,
    value: loom::cell::UnsafeCell<u32>,
}

// SAFETY: it is written once, by its drop, and loom reports a read beside that.
unsafe impl Sync for Guarded {}

impl Guarded {
    fn new(value: u32) -> Self {
        let alive = Arc::new(AtomicBool::new(true));
        Self { alive, value: loom::cell::UnsafeCell::new(value) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: loom checks that nobody else has the value.
        self.value.with_mut(|value| unsafe { *value = u32::MAX });
        self.alive.store(false, Ordering::Relaxed);
    }
}

/// Some threads read so many times, while this one replaces the value so many times.
fn read_and_replace<const READERS: usize, const READS: usize, const REPLACEMENTS: u32>() {
    let cell = Arc::new(Rcu::new(Guarded::new(1)));
    let readers = [(); READERS].map(|()| {
        let cell = Arc::clone(&cell);
        threads::spawn(move || {
            for _ in 0..READS {
                let reader = cell.read();
                // SAFETY: loom checks that nobody writes it meanwhile.
                let value = reader.value.with(|value| unsafe { *value });
                assert!((1..=1 + REPLACEMENTS).contains(&value));
                assert!(reader.alive.load(Ordering::Relaxed));
            }
        })
    });
    let cx = &mut lend_sleepable();
    for value in 2..=1 + REPLACEMENTS {
        let mut writer = cell.write(cx);
        writer.publish(Guarded::new(value));
        writer.collect(cx);
    }
    for reader in readers {
        reader.join().unwrap();
    }
    cell.synchronize(cx);
}

#[test]
fn nothing_is_freed_under_a_reader() {
    // One preemption more takes minutes.
    explore(deep_or(2, 1), read_and_replace::<2, 1, 2>);
    explore(deep_or(3, 2), read_and_replace::<1, 2, 2>);
}

/// There is one heavy fence. Readers that come after it make a full one, or find the new value.
#[test]
fn nothing_is_freed_under_a_reader_whose_light_fence_is_none() {
    explore_with_heavy_fences(1, 3, read_and_replace::<1, 3, 1>);
    explore_with_heavy_fences(1, 2, read_and_replace::<2, 2, 1>);
    // If there is another heavy fence, the one read has made a full fence.
    explore_with_heavy_fences(1, 3, read_and_replace::<1, 1, 2>);
}

/// This thread has taken one of the two records, so that one of the two readers has none.
#[test]
fn nothing_is_freed_under_a_reader_without_a_slot() {
    explore(2, || {
        drop(Rcu::new(0).read());
        read_and_replace::<2, 1, 1>();
    });
}

#[test]
fn waiting_waits_for_every_reader_of_the_old_value() {
    explore(3, waiting_waits);
}

fn waiting_waits() {
    let cell = Arc::new(Rcu::new(Some(Arc::new(AtomicBool::new(false)))));
    let gone = cell.read().clone().unwrap();
    let reading = threads::spawn({
        let cell = Arc::clone(&cell);
        move || {
            let reader = cell.read();
            if let Some(gone) = &*reader {
                assert!(!gone.load(Ordering::Relaxed));
                assert!(!gone.load(Ordering::Relaxed));
            }
        }
    });
    let cx = &mut lend_sleepable();
    cell.replace(cx, None);
    cell.synchronize(cx);
    gone.store(true, Ordering::Relaxed);
    reading.join().unwrap();
}

#[test]
fn tombstones_are_stable_and_seen() {
    loom::model(|| {
        let clock = Arc::new(VersionClock::<u32>::new());
        let tombstones = [Arc::new(Tombstone::new()), Arc::new(Tombstone::new())];
        let removed = Arc::new(AtomicBool::new(false));
        let removers = [0, 1].map(|which| {
            let (clock, tombstone) = (Arc::clone(&clock), Arc::clone(&tombstones[which]));
            let removed = Arc::clone(&removed);
            threads::spawn(move || {
                clock.remove(&tombstone, |count, _nb| *count += 1);
                if which == 0 {
                    removed.store(true, Ordering::Release);
                }
            })
        });
        let first_is_removed = removed.load(Ordering::Acquire);
        let began = clock.now();
        let live = || [tombstones[0].is_live_at(began), tombstones[1].is_live_at(began)];
        let found = live();
        assert_eq!(found, live());
        assert!(!(first_is_removed && found[0]));
        for remover in removers {
            remover.join().unwrap();
        }
        assert_eq!(found, live());
        let (now, count) = clock.take_notes();
        assert_eq!(count, 2);
        assert!(!tombstones[0].is_live_at(now) && !tombstones[1].is_live_at(now));
    });
}

/// A driver that notices callbacks after its end, and starts without ends.
struct Watched {
    gone: AtomicBool,
    under_way: AtomicU64,
}

impl Watched {
    fn new() -> Arc<Self> {
        Arc::new(Self { gone: AtomicBool::new(false), under_way: AtomicU64::new(0) })
    }

    fn start(&self) {
        assert!(!self.gone.load(Ordering::Relaxed));
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        assert!(!self.gone.load(Ordering::Relaxed));
        assert_ne!(self.under_way.fetch_sub(1, Ordering::Relaxed), 0);
    }

    /// No callback runs any more.
    fn is_gone(&self) {
        assert_eq!(self.under_way.load(Ordering::Relaxed), 0);
        self.gone.store(true, Ordering::Relaxed);
    }
}

impl Invalidate for Watched {
    fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        self.start();
        Ok(())
    }

    fn finish(&self, _: &Range, _: &mut NonBlock) {
        self.end();
    }
}

impl InvalidateInterval for Watched {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        self.start();
        Ok(())
    }

    fn finish_interval(&self, _: &Range, _: &mut NonBlock) {
        self.end();
    }
}

#[test]
fn no_callback_after_unsubscribe_returned() {
    for interval in [false, true] {
        for drops_first in [false, true] {
            explore(2, move || {
                let space = Arc::new(AddressSpace::new());
                let driver = Watched::new();
                let cx = &mut lend_sleepable();
                let (mut list, mut tree) = (None, None);
                if interval {
                    tree = space.subscribe_interval(range(), driver.clone(), cx).ok();
                } else {
                    list = space.subscribe(driver.clone(), cx).ok();
                }
                let invalidating = threads::spawn({
                    let space = Arc::clone(&space);
                    move || drop(space.invalidate(range(), Event::Unmap, &mut lend_sleepable()))
                });
                if drops_first {
                    drop((list, tree));
                    space.synchronize(cx);
                } else {
                    list.into_iter().for_each(|one| one.unsubscribe(cx));
                    tree.into_iter().for_each(|one| one.unsubscribe(cx));
                }
                driver.is_gone();
                invalidating.join().unwrap();
            });
        }
    }
}

/// A driver that mirrors one page, and a page table of that page, whose entry is a version that only grows.
struct Mirror {
    page: AtomicU64,
    shadow: loom::sync::Mutex<Option<u64>>,
}

impl InvalidateInterval for Mirror {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        *self.shadow.lock().unwrap() = None;
        Ok(())
    }
}

impl Mirror {
    fn new() -> Arc<Self> {
        Arc::new(Self { page: AtomicU64::new(0), shadow: loom::sync::Mutex::new(None) })
    }

    /// Reads the page table once, and installs what it finds unless that is stale.
    fn fault(&self, subscription: &mmu::IntervalSubscription) {
        let seq = subscription.read_begin(&mut lend_sleepable());
        let page = self.page.load(Ordering::Relaxed);
        let mut shadow = self.shadow.lock().unwrap();
        if !subscription.read_retry(seq) {
            *shadow = Some(page);
        }
    }

    /// As `fault`, but until it has been done, and in its turn.
    fn fault_in_turn(&self, subscription: &mmu::IntervalSubscription) {
        subscription.mirror(0, &mut lend_sleepable(), |seq, _cx| {
            let page = self.page.load(Ordering::Relaxed);
            let mut shadow = self.shadow.lock().unwrap();
            (!subscription.read_retry(seq)).then(|| *shadow = Some(page))
        });
    }

    fn unmap(&self, space: &AddressSpace) {
        let invalidation = space.invalidate(range(), Event::Unmap, &mut lend_sleepable());
        self.page.fetch_add(1, Ordering::Relaxed);
        // While it is held nobody mirrors the page.
        assert_eq!(*self.shadow.lock().unwrap(), None);
        drop(invalidation);
    }

    /// What is mirrored is what is there.
    fn check(&self) {
        let page = self.page.load(Ordering::Relaxed);
        assert!(self.shadow.lock().unwrap().is_none_or(|shadow| shadow == page));
    }
}

#[test]
fn a_stale_page_is_never_mirrored() {
    explore(3, || {
        let (space, mirror) = (Arc::new(AddressSpace::new()), Mirror::new());
        let cx = &mut lend_sleepable();
        let subscription = Arc::new(space.subscribe_interval(range(), mirror.clone(), cx).unwrap());
        let _ = subscription.read_begin(cx);
        let faulting = threads::spawn({
            let (mirror, subscription) = (Arc::clone(&mirror), Arc::clone(&subscription));
            move || mirror.fault(&subscription)
        });
        mirror.unmap(&space);
        faulting.join().unwrap();
        mirror.check();
    });
}

/// Whether the invalidation waits for the turn, ends it, or was under way before.
#[test]
fn a_reader_in_its_turn_mirrors_no_stale_page() {
    explore(2, || {
        let (space, mirror) = (Arc::new(AddressSpace::new()), Mirror::new());
        let cx = &mut lend_sleepable();
        let subscription = Arc::new(space.subscribe_interval(range(), mirror.clone(), cx).unwrap());
        let _ = subscription.read_begin(cx);
        let faulting = threads::spawn({
            let (mirror, subscription) = (Arc::clone(&mirror), Arc::clone(&subscription));
            move || mirror.fault_in_turn(&subscription)
        });
        mirror.unmap(&space);
        faulting.join().unwrap();
        mirror.check();
    });
}

/// The invalidation may have begun before, and then does not call the driver.
#[test]
fn who_subscribes_during_an_invalidation_mirrors_no_stale_page() {
    explore(2, || {
        let (space, mirror) = (Arc::new(AddressSpace::new()), Mirror::new());
        let unmapping = threads::spawn({
            let (space, mirror) = (Arc::clone(&space), Arc::clone(&mirror));
            move || mirror.unmap(&space)
        });
        let cx = &mut lend_sleepable();
        let subscription = space.subscribe_interval(range(), mirror.clone(), cx).unwrap();
        mirror.fault(&subscription);
        unmapping.join().unwrap();
        mirror.check();
    });
}

/// A driver of two passes that counts the operations under way, and notes whose they are.
struct Engine {
    begun: AtomicU64,
    finished: AtomicU64,
}

impl InvalidateTwoPass for Engine {
    type Operation = loom::thread::ThreadId;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, Self::Operation>>, C::Refusal> {
        let cx = cx.or_refuse()?;
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Finish::new(threads::current().id(), cx)))
    }

    fn invalidate_finish(&self, _: &Range, by: Self::Operation, _: &mut Sleepable) {
        assert_eq!(by, threads::current().id(), "the operation of another thread");
        self.finished.fetch_add(1, Ordering::Relaxed);
    }
}

/// Two invalidations, and two intervals: an operation is finished by the invalidation that began it, and before that returns.
#[test]
fn every_operation_is_finished_once_by_who_began_it() {
    explore(3, || {
        let space = Arc::new(AddressSpace::new());
        let cx = &mut lend_sleepable();
        let engines = [(); 2]
            .map(|()| Arc::new(Engine { begun: AtomicU64::new(0), finished: AtomicU64::new(0) }));
        let subscriptions =
            engines.each_ref().map(|engine| space.subscribe_two_pass(range(), engine.clone(), cx));
        let other = threads::spawn({
            let space = Arc::clone(&space);
            move || drop(space.invalidate(range(), Event::Unmap, &mut lend_sleepable()))
        });
        drop(space.invalidate(range(), Event::Unmap, cx));
        other.join().unwrap();
        for engine in &engines {
            assert_eq!(engine.begun.load(Ordering::Relaxed), 2);
            assert_eq!(engine.finished.load(Ordering::Relaxed), 2);
        }
        drop(subscriptions);
    });
}

loom::thread_local! {
    /// Whether this thread does what may be done in a section.
    static IN_SECTION: std::cell::Cell<bool> = std::cell::Cell::new(false);
}

/// A driver that must not be dropped in a section.
struct Owned;

impl Drop for Owned {
    fn drop(&mut self) {
        IN_SECTION
            .with(|in_section| assert!(!in_section.get(), "a driver is dropped in a section"));
    }
}

impl InvalidateInterval for Owned {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

/// The space is dropped meanwhile, and with it the driver.
#[test]
fn what_is_done_in_a_section_is_never_the_last_to_own_a_driver() {
    explore(3, || {
        let space = AddressSpace::new();
        let cx = &mut lend_sleepable();
        let subscription = space.subscribe_interval(range(), Arc::new(Owned), cx).unwrap();
        let other = space.subscribe_interval(range(), Arc::new(Owned), cx).unwrap();
        let seq = other.read_begin(cx);
        let reading = threads::spawn(move || {
            IN_SECTION.with(|in_section| in_section.set(true));
            if let Some(seq) = subscription.try_read_begin() {
                assert!(!subscription.read_retry(seq));
            }
            assert!(!other.read_retry(seq));
            drop((subscription, other));
            IN_SECTION.with(|in_section| in_section.set(false));
        });
        // Moves the epoch, which the other looks at: the checker tries every order of the two.
        space.synchronize(cx);
        drop(space);
        reading.join().unwrap();
    });
}
