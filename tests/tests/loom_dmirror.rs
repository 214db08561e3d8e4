//! The driver `dmirror` under a model checker: every order of its faults and of invalidations.
//!
//! The files of the driver are compiled here a second time, over a stand-in of `nonblock_linux` on the checker's locks. The
//! tokens and sections are the library's own. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]
#![allow(dead_code, unreachable_pub, reason = "a part of the driver is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(clippy::pedantic, reason = "the driver's own lints look at it where it is at home")]

// The files of the driver name this crate.
extern crate nonblock_linux as original;
extern crate self as nonblock_linux;

pub mod errno {
    pub use original::errno::Errno;
}

pub mod alloc {
    pub use original::alloc::{AllocError, Box};
}

/// The sequence number of an interval, as address spaces have it.
#[path = "../../nonblock-mm/src/mmu/invalidate_seq.rs"]
mod invalidate_seq;

/// What that takes from its own crate.
mod primitive {
    pub use loom::sync::atomic::{AtomicU64, Ordering};
}

pub mod sync {
    use nonblock::{Context, Sleepable};
    use original::alloc::AllocError;

    pub use std::sync::Arc;

    pub type MutexGuard<'a, T> = loom::sync::MutexGuard<'a, T>;

    pub struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub fn new(value: T, _cx: &mut Sleepable) -> Result<Self, AllocError<T>> {
            Ok(Self(loom::sync::Mutex::new(value)))
        }

        pub fn lock(&self, _cx: &mut Sleepable) -> MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }

        pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<MutexGuard<'_, T>, C::Refusal> {
            match cx.or_refuse() {
                Ok(cx) => Ok(self.lock(cx)),
                Err(refusal) => self.0.try_lock().map_err(|_| refusal),
            }
        }
    }
}

pub mod time {
    pub fn sleep(_cx: &mut nonblock::Sleepable, _duration: core::time::Duration) {
        loom::thread::yield_now();
    }
}

/// A queue that nobody works for.
pub mod work {
    pub use original::work::{Full, Handle};

    use nonblock::{NonBlock, Sleepable};
    use original::errno::Errno;

    pub struct Queue<H: Handle>(H);

    impl<H: Handle> Queue<H> {
        pub fn new(_capacity: usize, handler: H, _cx: &mut Sleepable) -> Result<Self, Errno> {
            Ok(Self(handler))
        }

        pub fn push(&self, _nb: &NonBlock, _item: H::Item) -> Result<(), Full<H::Item>> {
            Ok(())
        }

        pub fn handler(&self) -> &H {
            &self.0
        }

        pub fn shutdown(self, _cx: &mut Sleepable) {}
    }
}

/// A process of one page, which gets another frame each time that it is invalidated.
pub mod mmu {
    use std::sync::Arc;

    use nonblock::{Context, Sleepable};
    use original::errno::Errno;

    pub use nonblock_mm::mmu::{Invalidate, InvalidateInterval, PAGE_SIZE, Range};

    use crate::invalidate_seq::InvalidateSeq;

    /// More than a model has invalidations.
    const FRAMES: usize = 4;

    /// A page frame. The checker sees whoever reads it while it is freed, or later.
    struct Frame {
        is_freed: loom::cell::UnsafeCell<bool>,
    }

    // SAFETY: it is written once, by who frees it, and loom reports a read beside that.
    unsafe impl Sync for Frame {}

    pub struct Memory {
        frames: [Frame; FRAMES],
        /// The page table: which frame the page has.
        entry: loom::sync::Mutex<usize>,
    }

    impl Memory {
        pub fn new() -> Arc<Self> {
            let frame = |_| Frame { is_freed: loom::cell::UnsafeCell::new(false) };
            let frames = std::array::from_fn(frame);
            Arc::new(Self { frames, entry: loom::sync::Mutex::new(0) })
        }

        /// Tells the driver, and gives the page another frame: what an address space and its caller do.
        pub fn discard<N: InvalidateInterval, C: Context>(
            &self,
            driver: &IntervalSubscription<N>,
            cx: &mut C,
        ) -> Result<(), C::Refusal> {
            let begun = driver.seq.begin();
            driver.notifier.invalidate_interval(&driver.range, cx)?;
            let old = {
                let mut entry = self.entry.lock().unwrap();
                let old = *entry;
                *entry += 1;
                old
            };
            // SAFETY: loom checks that nobody else has it.
            self.frames[old].is_freed.with_mut(|is_freed| unsafe { *is_freed = true });
            drop(begun);
            Ok(())
        }
    }

    pub struct Mm(pub Arc<Memory>);

    impl Mm {
        pub fn page(&self, _address: usize, _cx: &mut Sleepable) -> Result<Page, Errno> {
            let frame = *self.0.entry.lock().unwrap();
            Ok(Page { memory: Arc::clone(&self.0), frame })
        }
    }

    /// A translation. It does not keep its frame, so that a stale one is seen.
    pub struct Page {
        memory: Arc<Memory>,
        frame: usize,
    }

    impl Page {
        pub fn frame(&self) -> u64 {
            self.frame as u64
        }

        pub fn read(&self, _offset: usize) -> u64 {
            let frame = &self.memory.frames[self.frame];
            // SAFETY: loom checks that nobody writes it meanwhile.
            let is_freed = frame.is_freed.with(|is_freed| unsafe { *is_freed });
            assert!(!is_freed, "a stale translation of the frame {} was read", self.frame);
            self.frame()
        }
    }

    pub type Seq = u64;

    pub struct IntervalSubscription<N> {
        range: Range,
        seq: InvalidateSeq,
        notifier: N,
        /// Whether the protocol is left out, to see that the model notices.
        never_retries: bool,
    }

    impl<N> IntervalSubscription<N> {
        pub fn new(range: Range, notifier: N, never_retries: bool) -> Self {
            Self { range, seq: InvalidateSeq::new(), notifier, never_retries }
        }

        pub fn range(&self) -> &Range {
            &self.range
        }

        pub fn read_begin(&self, _cx: &mut Sleepable) -> Seq {
            loop {
                if let Some(seq) = self.seq.try_read_begin() {
                    return seq;
                }
                loom::thread::yield_now();
            }
        }

        pub fn read_retry(&self, seq: Seq) -> bool {
            self.seq.read_retry(seq) && !self.never_retries
        }
    }
}

#[path = "../../drivers/dmirror/src/counters.rs"]
mod counters;
#[path = "../../drivers/dmirror/src/device.rs"]
mod device;
#[path = "../../drivers/dmirror/src/fault.rs"]
mod fault;
#[path = "../../drivers/dmirror/src/flusher.rs"]
mod flusher;
#[path = "../../drivers/dmirror/src/notifiers.rs"]
mod notifiers;
#[path = "../../drivers/dmirror/src/table.rs"]
mod table;
#[path = "../../drivers/dmirror/src/uapi.rs"]
mod uapi;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use device::Device;
use mmu::{IntervalSubscription, Memory, Mm, PAGE_SIZE, Range};
use nonblock::{Policy, Sleepable, raw};
use notifiers::OfInterval;
use table::Table;
use uapi::counter;

const ADDRESS: usize = 0x10_0000;

/// A device that mirrors the page.
struct Scene {
    memory: Arc<Memory>,
    device: Arc<Device>,
    subscription: IntervalSubscription<OfInterval>,
}

impl Scene {
    fn new(never_retries: bool, cx: &mut Sleepable) -> Arc<Self> {
        let range = Range::with_len(ADDRESS, PAGE_SIZE).unwrap();
        let device = Arc::new(Device::new(cx).unwrap());
        device.set_table(Some(Table::new(range, cx).unwrap()), cx);
        let notifier = OfInterval(Arc::clone(&device));
        let subscription = IntervalSubscription::new(range, notifier, never_retries);
        Arc::new(Self { memory: Memory::new(), device, subscription })
    }

    fn fault(&self, cx: &mut Sleepable) {
        let mm = Mm(Arc::clone(&self.memory));
        fault::fault(&self.device, &self.subscription, &mm, ADDRESS, cx).unwrap();
    }

    /// Reads through the translation, if there is one: it must not be stale.
    fn read(&self, cx: &mut Sleepable) -> Option<u64> {
        self.device.translate(ADDRESS, cx, |page, offset| page.read(offset))
    }
}

/// How many of the orders that were explored had what is named.
#[derive(Default)]
struct Explored {
    orders: AtomicU64,
    retries: AtomicU64,
    refusals: AtomicU64,
    drops: AtomicU64,
}

impl Explored {
    fn count(&self, scene: &Scene) {
        let counters = scene.device.counters();
        self.orders.fetch_add(1, Relaxed);
        for (total, which) in [
            (&self.retries, counter::RETRIES),
            (&self.refusals, counter::REFUSALS),
            (&self.drops, counter::PAGES_DROPPED),
        ] {
            total.fetch_add(u64::from(counters[which] > 0), Relaxed);
        }
    }
}

/// Explores every order with at most so many preemptions.
///
/// The checker runs all threads of a model on one, so the library's counters count the sections of all of them together, and what
/// they report means nothing.
fn explore(
    preemptions: usize,
    model: impl Fn(&mut Sleepable) -> Arc<Scene> + Send + Sync + 'static,
) -> [u64; 4] {
    nonblock::set_policy(Policy::Ignore);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    let explored = Arc::new(Explored::default());
    let counts = Arc::clone(&explored);
    builder.check(move || raw::sleepable(|cx| counts.count(&model(cx))));
    let explored = [&explored.orders, &explored.retries, &explored.refusals, &explored.drops];
    let explored = explored.map(|count| count.load(Relaxed));
    println!("orders, retries, refusals, drops: {explored:?}");
    explored
}

/// Starts a thread of the model with the scene.
fn start(
    scene: &Arc<Scene>,
    f: impl FnOnce(&Scene, &mut Sleepable) + 'static,
) -> loom::thread::JoinHandle<()> {
    let scene = Arc::clone(scene);
    loom::thread::spawn(move || raw::sleepable(|cx| f(&scene, cx)))
}

#[test]
fn no_stale_translation_is_read_under_callers_that_may_sleep() {
    let [orders, retries, refusals, drops] = explore(4, |cx| {
        let scene = Scene::new(false, cx);
        let faulter = start(&scene, |scene, cx| {
            scene.fault(cx);
            scene.read(cx);
        });
        let Ok(()) = scene.memory.discard(&scene.subscription, cx);
        scene.read(cx);
        faulter.join().unwrap();
        scene.read(cx);
        scene
    });
    assert_eq!(refusals, 0);
    assert!(retries > 0 && drops > 0 && orders > retries + drops, "they collide, and do not");
}

#[test]
fn no_stale_translation_is_read_under_two_discards() {
    let [_, retries, refusals, drops] = explore(3, |cx| {
        let scene = Scene::new(false, cx);
        let faulter = start(&scene, |scene, cx| {
            scene.fault(cx);
            scene.read(cx);
        });
        for _ in 0..2 {
            let Ok(()) = scene.memory.discard(&scene.subscription, cx);
        }
        faulter.join().unwrap();
        scene.read(cx);
        scene
    });
    assert_eq!(refusals, 0);
    assert!(retries > 0 && drops > 0, "they collide, and do not");
}

/// A job holds the table, or a fault does: a section is refused then, and takes nothing.
#[test]
fn no_stale_translation_is_read_under_a_section_that_is_refused_or_not() {
    let [orders, retries, refusals, drops] = explore(3, |cx| {
        let scene = Scene::new(false, cx);
        scene.fault(cx);
        let faulter = start(&scene, |scene, cx| {
            scene.fault(cx);
            scene.read(cx);
        });
        let job = start(&scene, |scene, cx| drop(scene.device.hold_table(cx)));
        let discarded = raw::non_block(|nb| scene.memory.discard(&scene.subscription, nb)).is_ok();
        let counters = scene.device.counters();
        assert_eq!(counters[counter::REFUSALS], u64::from(!discarded));
        faulter.join().unwrap();
        job.join().unwrap();
        let read = scene.read(cx);
        if !discarded {
            assert_eq!(read, Some(0), "a refusal takes nothing");
        }
        scene
    });
    assert!(retries > 0 && refusals > 0 && drops > 0 && orders > refusals);
}

/// So the models above are known to see what they look for.
#[test]
#[should_panic(expected = "stale translation")]
fn a_fault_that_does_not_retry_is_found() {
    explore(2, |cx| {
        let scene = Scene::new(true, cx);
        let faulter = start(&scene, |scene, cx| scene.fault(cx));
        let Ok(()) = scene.memory.discard(&scene.subscription, cx);
        faulter.join().unwrap();
        scene.read(cx);
        scene
    });
}
