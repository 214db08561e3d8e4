//! Who drops the values of users: never a section. A second panic in such a drop does not abort the program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nonblock::notifier::{Answer, AtomicChain, AtomicNotifier, BlockingChain, BlockingNotifier};
use nonblock::{Context, NonBlock, Sleepable, raw, sleepable};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, InvalidateInterval, PAGE_SIZE, Range};
use nonblock_tests::interpreter::report_panics_briefly;

/// What the drivers of a test have come to.
#[derive(Debug, Default)]
struct Fate {
    dropped: AtomicUsize,
    in_a_section: AtomicUsize,
}

impl Fate {
    fn dropped(&self) -> usize {
        assert_eq!(self.in_a_section.load(Ordering::Relaxed), 0, "dropped in a section");
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A driver, of whatever kind, that notes where it is dropped, and panics then if told to.
struct Device {
    fate: Arc<Fate>,
    panics: bool,
}

impl Device {
    fn new(fate: &Arc<Fate>) -> Arc<Self> {
        Arc::new(Self { fate: Arc::clone(fate), panics: false })
    }

    fn that_panics(fate: &Arc<Fate>) -> Arc<Self> {
        Arc::new(Self { fate: Arc::clone(fate), panics: true })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let before = self.fate.dropped.fetch_add(1, Ordering::Relaxed);
        if raw::depth() > 0 {
            self.fate.in_a_section.fetch_add(1, Ordering::Relaxed);
        }
        assert!(!self.panics, "drop {before}, as told");
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

impl InvalidateInterval for Device {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

impl AtomicNotifier<u32> for Device {
    fn notify_atomic(&self, _: &u32, _: &mut NonBlock) -> Answer {
        Answer::Continue
    }
}

impl BlockingNotifier<u32> for Device {
    fn notify_blocking(&self, _: &u32, _: &mut Sleepable) -> Answer {
        Answer::Continue
    }
}

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap()
}

/// Whatever the order in which a space, its invalidations, its readers and its subscriptions go.
#[test]
fn nothing_done_in_a_section_drops_a_driver_of_an_address_space() {
    let fate = Arc::<Fate>::default();
    sleepable(|cx| {
        let space = AddressSpace::new();
        let listed = space.subscribe(Device::new(&fate), cx).unwrap();
        let replaced = space.subscribe(Device::new(&fate), cx).unwrap();
        let [dropped, kept, unread] =
            [(); 3].map(|()| space.subscribe_interval(range(), Device::new(&fate), cx).unwrap());
        let seq = kept.read_begin(cx);

        // The last invalidation to have found a driver ends in a section, when nobody is left but it.
        let open = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
        cx.non_block(|_nb| drop((replaced, dropped)));
        space.synchronize(cx);
        cx.non_block(|nb| {
            drop(open);
            drop(space.try_invalidate(range(), Event::Unmap, nb).unwrap());
            space.arch_invalidate_secondary_tlbs(&range(), nb);
            assert!(!space.test_young(range().start(), nb));
            assert!(kept.read_retry(seq));
            assert_eq!((space.subscriptions(), space.interval_subscriptions(&range())), (1, 2));
        });
        assert_eq!(fate.dropped(), 0);
        space.synchronize(cx);
        assert_eq!(fate.dropped(), 2);

        // Those of a space that is gone.
        drop(space);
        assert_eq!(fate.dropped(), 5);
        cx.non_block(|_nb| {
            assert!(unread.try_read_begin().is_some_and(|seq| !unread.read_retry(seq)));
            drop((listed, kept, unread));
        });
        assert_eq!(fate.dropped(), 5);
    });
}

#[test]
fn nothing_done_in_a_section_drops_a_callback_of_a_chain() {
    let fate = Arc::<Fate>::default();
    sleepable(|cx| {
        let (atomic, blocking) = (AtomicChain::<u32>::new(), BlockingChain::<u32>::new());
        let first = atomic.register(Device::new(&fate), 0, cx).unwrap();
        let second = atomic.register(Device::new(&fate), 0, cx).unwrap();
        let third = blocking.register(Device::new(&fate), 0, cx).unwrap();
        let fourth = blocking.register(Device::new(&fate), 0, cx).unwrap();
        cx.non_block(|nb| {
            drop((first, third));
            assert_eq!(atomic.call(&0, nb).called(), 1);
            assert!(atomic.call_robust(&0, &1, nb).into_result().is_ok());
            assert_eq!((atomic.callbacks(), blocking.callbacks()), (1, 1));
        });
        assert_eq!(fate.dropped(), 0);
        atomic.synchronize(cx);
        blocking.synchronize(cx);
        assert_eq!(fate.dropped(), 2);
        drop((atomic, blocking));
        assert_eq!(fate.dropped(), 4);
        cx.non_block(|_nb| drop((second, fourth)));
        assert_eq!(fate.dropped(), 4);
    });
}

/// What a panic said.
fn said<R>(f: impl FnOnce() -> R) -> String {
    report_panics_briefly();
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("expected a panic") };
    *payload.downcast::<String>().expect("a message")
}

/// Of several drivers that are freed together and panic, each is dropped, and the first panic passes through.
#[test]
fn drops_that_panic_together_do_not_abort() {
    let fate = Arc::<Fate>::default();
    sleepable(|cx| {
        let space = AddressSpace::new();
        for _ in 0..2 {
            let devices = [(); 3].map(|()| Device::that_panics(&fate));
            let listed = devices.map(|device| space.subscribe(device, cx).unwrap());
            let devices = [(); 3].map(|()| Device::that_panics(&fate));
            let intervals =
                devices.map(|device| space.subscribe_interval(range(), device, cx).unwrap());
            drop((listed, intervals));
            let before = fate.dropped();
            assert_eq!(said(|| space.synchronize(cx)), format!("drop {before}, as told"));
            assert_eq!(fate.dropped(), before + 6);
        }
        // Nothing is left in disorder.
        let last = space.subscribe(Device::that_panics(&fate), cx).unwrap();
        let interval = space.subscribe_interval(range(), Device::that_panics(&fate), cx).unwrap();
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(said(|| drop(space)), "drop 12, as told");
        assert_eq!(fate.dropped(), 14);
        drop((last, interval));

        let chain = BlockingChain::<u32>::new();
        let devices = [(); 3].map(|()| Device::that_panics(&fate));
        drop(devices.map(|device| chain.register(device, 0, cx).unwrap()));
        assert_eq!(said(|| chain.synchronize(cx)), "drop 14, as told");
        assert_eq!(fate.dropped(), 17);
        assert_eq!(chain.call(&0, cx).called(), 0);
    });
}
