//! Interval subscriptions: who is told, in which order and context, and the collision-retry protocol.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread as native;
use std::time::Duration;

use nonblock::{Context, NonBlock, Sleepable, WouldBlock, raw, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, IntervalSubscription, Invalidate, InvalidateInterval, Owner, PAGE_SIZE,
    Range, Released,
};

/// Long enough for what must not happen to happen.
const A_WHILE: Duration = Duration::from_millis(50);

/// How deep a callback in a section finds itself.
const IN_SECTION: u32 = if nonblock::CHECKS { 1 } else { 0 };

type Log = Arc<Mutex<Vec<(&'static str, &'static str, u32)>>>;

fn taken(log: &Log) -> Vec<(&'static str, &'static str, u32)> {
    std::mem::take(&mut log.lock().unwrap())
}

fn names(log: &Log) -> Vec<(&'static str, &'static str)> {
    taken(log).into_iter().map(|(name, what, _)| (name, what)).collect()
}

/// A driver of both kinds that notes its calls, and refuses or panics when told to.
#[derive(Default)]
struct Device {
    name: &'static str,
    log: Log,
    refuses: AtomicBool,
    panics: AtomicBool,
    panics_at_end: AtomicBool,
    young: AtomicBool,
}

impl Device {
    fn new(name: &'static str, log: &Log) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), ..Self::default() })
    }

    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push((self.name, what, raw::depth()));
    }

    fn start<C: Context>(&self, cx: &mut C) -> Result<(), C::Refusal> {
        if self.refuses.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        self.note("start");
        assert!(!self.panics.load(Ordering::Relaxed), "a start, as told");
        Ok(())
    }

    fn end(&self) {
        self.note("end");
        assert!(!self.panics_at_end.load(Ordering::Relaxed), "an end, as told");
    }
}

impl InvalidateInterval for Device {
    fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(cx)
    }

    fn finish_interval(&self, _range: &Range, _nb: &mut NonBlock) {
        self.end();
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(cx)
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.end();
    }

    fn flush_secondary_tlb(&self, _range: &Range, _nb: &mut NonBlock) {
        self.note("flush");
    }

    fn age_and_flush(&self, _range: &Range, _nb: &mut NonBlock) -> bool {
        self.note("age_and_flush");
        self.young.swap(false, Ordering::Relaxed)
    }

    fn age(&self, _range: &Range, _nb: &mut NonBlock) -> bool {
        self.note("age");
        self.young.swap(false, Ordering::Relaxed)
    }

    fn is_young(&self, _address: usize, _nb: &mut NonBlock) -> bool {
        self.note("is_young");
        self.young.load(Ordering::Relaxed)
    }
}

fn pages(first: usize, count: usize) -> Range {
    Range::with_len(first * PAGE_SIZE, count * PAGE_SIZE).unwrap()
}

fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("expected a panic") };
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[test]
fn those_that_meet_the_range_are_told_in_the_order_of_their_starts_before_the_list() {
    let (log, space) = (Log::default(), AddressSpace::new());
    sleepable(|cx| {
        let _list = space.subscribe(Device::new("list", &log), cx).unwrap();
        let mut subscriptions = Vec::new();
        for (name, first, count) in
            [("c", 20, 4), ("a", 10, 4), ("long", 0, 100), ("b", 14, 6), ("a too", 10, 1)]
        {
            let range = pages(first, count);
            let subscription =
                space.subscribe_interval(range, Device::new(name, &log), cx).unwrap();
            assert_eq!(subscription.range(), &range);
            subscriptions.push(subscription);
        }
        assert_eq!(space.interval_subscriptions(&pages(0, 200)), 5);
        assert_eq!(space.interval_subscriptions(&pages(14, 1)), 2);
        assert_eq!(space.subscriptions(), 1);

        let told = ["long", "a", "a too", "b", "list"];
        drop(space.invalidate(pages(10, 5), Event::Unmap, cx));
        let expected = [told.map(|name| (name, "start")), told.map(|name| (name, "end"))];
        assert_eq!(names(&log), expected.concat());
        drop(space.invalidate(pages(100, 5), Event::Unmap, cx));
        assert_eq!(names(&log), [("list", "start"), ("list", "end")]);
        // Bounds that touch do not meet.
        drop(space.try_invalidate(pages(24, 1), Event::Unmap, cx).unwrap());
        let told = ["long", "list"];
        let expected = [told.map(|name| (name, "start")), told.map(|name| (name, "end"))];
        assert_eq!(names(&log), expected.concat());
    });
}

#[test]
fn both_kinds_are_called_in_a_section_if_the_caller_cannot_block() {
    let (log, space) = (Log::default(), AddressSpace::new());
    sleepable(|cx| {
        let _list = space.subscribe(Device::new("list", &log), cx).unwrap();
        let _tree = space.subscribe_interval(pages(0, 4), Device::new("tree", &log), cx).unwrap();
        let told = |starts, ends| {
            [
                ("tree", "start", starts),
                ("list", "start", starts),
                ("tree", "end", ends),
                ("list", "end", ends),
            ]
        };
        drop(space.invalidate(pages(0, 1), Event::Unmap, cx));
        assert_eq!(taken(&log), told(0, IN_SECTION));
        drop(space.try_invalidate(pages(0, 1), Event::Unmap, cx).unwrap());
        assert_eq!(taken(&log), told(IN_SECTION, IN_SECTION));
        cx.non_block(|nb| drop(space.try_invalidate(pages(0, 1), Event::Unmap, nb).unwrap()));
        assert_eq!(taken(&log), told(2 * IN_SECTION, 2 * IN_SECTION));
    });
}

#[test]
fn a_refusal_ends_exactly_those_that_started_of_both_kinds() {
    let (log, space) = (Log::default(), AddressSpace::new());
    let devices = ["i1", "i2", "i3", "l1", "l2"].map(|name| Device::new(name, &log));
    sleepable(|cx| {
        let intervals: Vec<_> = (0..3)
            .map(|n| space.subscribe_interval(pages(n, 8), devices[n].clone(), cx).unwrap())
            .collect();
        let _list: Vec<_> =
            (3..5).map(|n| space.subscribe(devices[n].clone(), cx).unwrap()).collect();
        let seqs: Vec<_> = intervals.iter().map(|one| one.read_begin(cx)).collect();
        for refuser in 0..5 {
            devices[refuser].refuses.store(true, Ordering::Relaxed);
            assert_eq!(space.try_invalidate(pages(4, 1), Event::Unmap, cx).err(), Some(WouldBlock));
            devices[refuser].refuses.store(false, Ordering::Relaxed);
            let started = devices[..refuser].iter().map(|device| device.name);
            let expected: Vec<_> = started
                .clone()
                .map(|name| (name, "start"))
                .chain(started.map(|name| (name, "end")))
                .collect();
            assert_eq!(names(&log), expected);
            // Nobody is left waiting for it.
            for interval in &intervals {
                assert!(interval.try_read_begin().is_some());
            }
        }
        assert!(intervals.iter().zip(&seqs).all(|(one, seq)| one.read_retry(*seq)));
        // As with a refusal, so with a panic.
        devices[1].panics.store(true, Ordering::Relaxed);
        let message = panic_of(|| space.invalidate(pages(4, 1), Event::Unmap, cx));
        assert_eq!(message, "a start, as told");
        assert_eq!(names(&log), [("i1", "start"), ("i2", "start"), ("i1", "end")]);
        for interval in &intervals {
            let _ = interval.read_begin(cx);
        }
        assert_eq!(raw::depth(), 0);
    });
}

#[test]
fn an_end_that_panics_keeps_nobody_from_his() {
    let (log, space) = (Log::default(), AddressSpace::new());
    let devices = ["i1", "i2", "l1"].map(|name| Device::new(name, &log));
    sleepable(|cx| {
        let first = space.subscribe_interval(pages(0, 8), devices[0].clone(), cx).unwrap();
        let second = space.subscribe_interval(pages(0, 8), devices[1].clone(), cx).unwrap();
        let _list = space.subscribe(devices[2].clone(), cx).unwrap();
        let open = space.invalidate(pages(0, 1), Event::Unmap, cx);
        taken(&log);
        devices[0].panics_at_end.store(true, Ordering::Relaxed);
        assert_eq!(panic_of(|| drop(open)), "an end, as told");
        assert_eq!(names(&log), [("i1", "end"), ("i2", "end"), ("l1", "end")]);
        let _ = (first.read_begin(cx), second.read_begin(cx));
    });
}

#[test]
fn retry_after_an_invalidation_that_meets_the_interval_and_no_other() {
    let (log, space) = (Log::default(), AddressSpace::new());
    sleepable(|cx| {
        let one = space.subscribe_interval(pages(0, 8), Device::new("one", &log), cx).unwrap();
        let two = space.subscribe_interval(pages(8, 8), Device::new("two", &log), cx).unwrap();
        let (seq, other) = (one.read_begin(cx), two.read_begin(cx));
        assert!(!one.read_retry(seq) && !two.read_retry(other));
        // Of another's nothing is known.
        assert!(one.read_retry(other) && two.read_retry(seq));

        let open = space.invalidate(pages(7, 1), Event::Unmap, cx);
        assert!(one.read_retry(seq) && !two.read_retry(other));
        assert_eq!(one.try_read_begin(), None);
        assert_eq!(two.try_read_begin(), Some(other));
        // Nested, and ended out of order.
        let inner = space.try_invalidate(pages(0, 16), Event::Clear, cx).unwrap();
        drop(open);
        assert_eq!((one.try_read_begin(), two.try_read_begin()), (None, None));
        drop(inner);
        let again = one.read_begin(cx);
        assert_ne!(again, seq);
        assert!(!one.read_retry(again) && one.read_retry(seq));
    });
}

/// What a driver does that is on the list and wants the protocol of intervals.
#[test]
fn an_interval_of_the_whole_space_is_met_by_every_invalidation() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let device = Device::new("one", &Log::default());
        let subscription = space.subscribe_interval(Range::whole(), device, cx).unwrap();
        let last = Range::new(Range::whole().end() - PAGE_SIZE, Range::whole().end()).unwrap();
        for range in [pages(0, 1), pages(1 << 30, 7), last, Range::whole()] {
            let seq = subscription.read_begin(cx);
            let open = space.invalidate(range, Event::Unmap, cx);
            assert!(subscription.read_retry(seq) && subscription.try_read_begin().is_none());
            drop(open);
        }
    });
}

#[test]
fn read_begin_waits_for_an_invalidation_that_meets_it() {
    let space = Arc::new(AddressSpace::new());
    sleepable(|cx| {
        let device = Device::new("one", &Log::default());
        let subscription = space.subscribe_interval(pages(0, 8), device, cx).unwrap();
        let _ = subscription.read_begin(cx);
        let open = space.invalidate(pages(0, 1), Event::Unmap, cx);
        let (begun, has_begun) = mpsc::channel();
        let reading = thread::spawn(move |cx| {
            begun.send(()).unwrap();
            let seq = subscription.read_begin(cx);
            assert!(!subscription.read_retry(seq));
        });
        has_begun.recv().unwrap();
        native::sleep(A_WHILE);
        assert!(!reading.is_finished());
        drop(open);
        reading.join(cx).unwrap();
    });
}

#[test]
fn who_subscribes_while_nobody_invalidates_need_not_wait_to_read() {
    let (log, space) = (Log::default(), AddressSpace::new());
    sleepable(|cx| {
        let subscribe = |name, cx: &mut Sleepable| {
            space.subscribe_interval(pages(0, 8), Device::new(name, &log), cx).unwrap()
        };
        let [one, two] = ["one", "two"].map(|name| subscribe(name, cx));
        cx.non_block(|_nb| {
            assert!(one.try_read_begin().is_some());
            assert!(two.try_read_begin().is_some());
        });
    });
}

/// Its driver is not called by the one under way, so the first reader waits for that, as long as it lasts.
#[test]
fn who_subscribes_during_an_invalidation_reads_after_it() {
    let (log, space) = (Log::default(), Arc::new(AddressSpace::new()));
    sleepable(|cx| {
        let open = space.invalidate(pages(0, 1), Event::Unmap, cx);
        let subscription =
            Arc::new(space.subscribe_interval(pages(0, 8), Device::new("late", &log), cx).unwrap());
        assert_eq!(subscription.try_read_begin(), None);
        let reading = thread::spawn({
            let subscription = Arc::clone(&subscription);
            move |cx| {
                let _ = subscription.read_begin(cx);
            }
        });
        native::sleep(A_WHILE);
        assert!(!reading.is_finished());
        drop(open);
        reading.join(cx).unwrap();
        assert!(subscription.try_read_begin().is_some());
        assert_eq!(names(&log), [], "and got no end");
    });
}

#[test]
fn read_begin_within_an_invalidation_panics_instead_of_waiting_for_itself() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let device = Device::new("one", &Log::default());
        let subscription = space.subscribe_interval(pages(0, 8), device, cx).unwrap();
        let other = AddressSpace::new();
        let open = other.invalidate(pages(0, 1), Event::Unmap, cx);
        let message = panic_of(|| subscription.read_begin(cx));
        assert!(message.starts_with("`read_begin` within an invalidation"), "{message}");
        drop(open);
        let _ = subscription.read_begin(cx);
    });
}

#[test]
fn ends_of_subscriptions_wait_or_defer() {
    let (log, space) = (Log::default(), Arc::new(AddressSpace::new()));
    let device = Device::new("one", &log);
    sleepable(|cx| {
        let waiting = space.subscribe_interval(pages(0, 8), device.clone(), cx).unwrap();
        let deferring = space.subscribe_interval(pages(0, 8), device.clone(), cx).unwrap();
        waiting.unsubscribe(cx);
        assert_eq!(Arc::strong_count(&device), 2);
        let open = space.invalidate(pages(0, 1), Event::Unmap, cx);
        cx.non_block(|_nb| drop(deferring));
        drop(space.invalidate(pages(0, 1), Event::Unmap, cx));
        drop(open);
        assert_eq!(names(&log), [("one", "start"), ("one", "end")]);
        assert_eq!(space.interval_subscriptions(&pages(0, 8)), 0);
        assert_eq!(Arc::strong_count(&device), 2);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&device), 1);

        // By a thread that has one open, it does not wait; by another, it does.
        let own = space.subscribe_interval(pages(0, 8), device.clone(), cx).unwrap();
        let others = space.subscribe_interval(pages(0, 8), device.clone(), cx).unwrap();
        let open = space.invalidate(pages(0, 1), Event::Unmap, cx);
        own.unsubscribe(cx);
        let unsubscribing = thread::spawn(move |cx| others.unsubscribe(cx));
        native::sleep(A_WHILE);
        assert!(!unsubscribing.is_finished());
        drop(open);
        unsubscribing.join(cx).unwrap();
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&device), 1);
    });
}

#[test]
fn many_dropped_at_once_are_taken_out_at_once() {
    let count = if cfg!(miri) { 80 } else { 100_000 };
    let space = AddressSpace::new();
    let device = Device::new("one", &Log::default());
    sleepable(|cx| {
        let subscriptions: Vec<_> = (0..count)
            .map(|n| {
                space.subscribe_interval(pages(n * 7919 % count, 2), device.clone(), cx).unwrap()
            })
            .collect();
        assert_eq!(space.interval_subscriptions(&pages(0, count + 2)), count);
        cx.non_block(|_nb| drop(subscriptions));
        assert_eq!(space.interval_subscriptions(&pages(0, count + 2)), 0);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&device), 1);
        // And where the space is gone first.
        let left = space.subscribe_interval(pages(0, 1), device.clone(), cx).unwrap();
        drop(space);
        assert_eq!(Arc::strong_count(&device), 1);
        let seq = left.read_begin(cx);
        assert!(!left.read_retry(seq));
        left.unsubscribe(cx);
    });
}

#[test]
fn release_tells_every_interval_once_and_takes_it_out() {
    let (log, space) = (Log::default(), AddressSpace::new());
    let devices = ["i1", "i2", "l1"].map(|name| Device::new(name, &log));
    devices[0].panics.store(true, Ordering::Relaxed);
    sleepable(|cx| {
        let first = space.subscribe_interval(pages(0, 8), devices[0].clone(), cx).unwrap();
        let second = space.subscribe_interval(pages(1 << 20, 8), devices[1].clone(), cx).unwrap();
        let _list = space.subscribe(devices[2].clone(), cx).unwrap();
        let seq = second.read_begin(cx);
        assert_eq!(panic_of(|| space.release(cx)), "a start, as told");
        assert_eq!(names(&log), [("i1", "start"), ("i2", "start"), ("i2", "end")]);
        assert!(second.read_retry(seq));
        for device in &devices {
            assert_eq!(Arc::strong_count(device), 1);
        }
        let refused = space.subscribe_interval(pages(0, 1), devices[1].clone(), cx);
        assert_eq!(refused.err(), Some(Released));
        let _ = first.read_begin(cx);
        first.unsubscribe(cx);
    });
}

#[test]
fn an_owner_passes_over_its_own_moves_only() {
    struct Migrating {
        owner: Owner,
        told: AtomicUsize,
    }

    impl InvalidateInterval for Migrating {
        fn invalidate_interval<C: Context>(
            &self,
            range: &Range,
            _cx: &mut C,
        ) -> Result<(), C::Refusal> {
            if !range.is_moved_by(self.owner) {
                self.told.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }
    }

    let space = AddressSpace::new();
    let driver = Arc::new(Migrating { owner: Owner::new(), told: AtomicUsize::new(0) });
    let told = |range, event, cx: &mut Sleepable| {
        drop(space.invalidate(range, event, cx));
        driver.told.swap(0, Ordering::Relaxed)
    };
    sleepable(|cx| {
        let _subscription = space.subscribe_interval(pages(0, 8), driver.clone(), cx).unwrap();
        let own = pages(0, 1).with_owner(driver.owner);
        assert_eq!(own.owner(), Some(driver.owner));
        for event in [Event::Migrate, Event::Exclusive] {
            assert_eq!(told(own, event, cx), 0);
            assert_eq!(told(pages(0, 1), event, cx), 1);
            assert_eq!(told(pages(0, 1).with_owner(Owner::new()), event, cx), 1);
        }
        for event in [Event::Unmap, Event::Clear, Event::ProtectionVma, Event::Release] {
            assert_eq!(told(own, event, cx), 1);
        }
    });
}

#[test]
fn mirrors_are_asked_to_flush_and_what_they_used() {
    let (log, space) = (Log::default(), AddressSpace::new());
    let devices = ["a", "b", "c"].map(|name| Device::new(name, &log));
    let deep = IN_SECTION;
    sleepable(|cx| {
        let _list: Vec<_> =
            devices.iter().map(|device| space.subscribe(device.clone(), cx).unwrap()).collect();
        let _tree = space.subscribe_interval(pages(0, 8), devices[0].clone(), cx).unwrap();
        space.arch_invalidate_secondary_tlbs(&pages(0, 1), cx);
        assert_eq!(taken(&log), [("a", "flush", deep), ("b", "flush", deep), ("c", "flush", deep)]);

        assert!(!space.test_young(0, cx));
        assert_eq!(names(&log).len(), 3);
        devices[1].young.store(true, Ordering::Relaxed);
        assert!(cx.non_block(|nb| space.test_young(0, nb)), "and leaves the notes");
        assert_eq!(taken(&log), [("a", "is_young", 2 * deep), ("b", "is_young", 2 * deep)]);
        // All are asked, and give their notes up.
        devices[0].young.store(true, Ordering::Relaxed);
        assert!(space.clear_young(&pages(0, 1), cx));
        assert_eq!(names(&log), ["a", "b", "c"].map(|name| (name, "age")));
        assert!(!space.clear_young(&pages(0, 1), cx));
        taken(&log);
        devices[2].young.store(true, Ordering::Relaxed);
        assert!(space.clear_flush_young(&pages(0, 1), cx));
        assert_eq!(names(&log), ["a", "b", "c"].map(|name| (name, "age_and_flush")));
        assert!(!space.clear_flush_young(&pages(0, 1), cx));
    });
}

/// A driver that begins to read where its device is asked for the pages it used.
struct ReadsWhenAsked {
    subscription: IntervalSubscription,
}

impl Invalidate for ReadsWhenAsked {
    fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }

    fn is_young(&self, _: usize, _: &mut NonBlock) -> bool {
        nonblock::permit_sleep("a test", |cx| {
            let _ = self.subscription.read_begin(cx);
        });
        false
    }
}

/// It would wait for the readers of the snapshot, of which this thread is one.
#[test]
#[should_panic(expected = "`read_begin` within an invalidation")]
fn read_begin_in_a_callback_that_asks_for_pages_is_refused() {
    let space = AddressSpace::new();
    nonblock::raw::sleepable(|cx| {
        let range = Range::with_len(0x10_0000, PAGE_SIZE).unwrap();
        let subscription = space.subscribe_interval(range, Arc::new(Never), cx).unwrap();
        let _asked = space.subscribe(Arc::new(ReadsWhenAsked { subscription }), cx).unwrap();
        space.test_young(0x10_0000, cx);
    });
}

/// A driver of an interval that nobody invalidates.
struct Never;

impl InvalidateInterval for Never {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}
