//! Drivers that panic in callbacks and in drops: all other callbacks are called, no thread waits for ever, and no second panic aborts.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use nonblock::notifier::{Answer, AtomicChain, BlockingChain};
use nonblock::testing::violations;
use nonblock::{Context, NonBlock, Sleepable, Violation, raw, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, Invalidate, InvalidateInterval, PAGE_SIZE, Range, Subscription,
};
use nonblock_tests::interpreter::report_panics_briefly;

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap()
}

/// Runs the closure and returns what its panic carries.
fn panic_of<R>(f: impl FnOnce() -> R) -> Box<dyn Any + Send> {
    report_panics_briefly();
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("expected a panic") };
    payload
}

/// Runs the closure until it panics, and returns what its panic carries, after dropping what it returned before.
///
/// A change frees what is left only now and then.
fn panic_of_some<R>(mut f: impl FnMut() -> R) -> Box<dyn Any + Send> {
    report_panics_briefly();
    let mut returned = Vec::new();
    let some = || (0..100).for_each(|_| returned.push(f()));
    let Err(payload) = catch_unwind(AssertUnwindSafe(some)) else { panic!("expected a panic") };
    payload
}

/// Whose panic it was.
fn name_of(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<Name>().map_or("?", |name| name.0)
}

/// What a driver's panic carries.
struct Name(&'static str);

/// What panics once more when it is dropped, and carries another of its kind.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Self(self.0 - 1));
        }
    }
}

/// A driver that panics where it is told to.
#[derive(Default)]
struct Device {
    name: &'static str,
    log: Arc<Mutex<Vec<&'static str>>>,
    at_start: AtomicBool,
    at_end: AtomicBool,
    at_release: AtomicBool,
    refuses: AtomicBool,
    /// Its panics carry what panics when it is dropped.
    bomb: bool,
}

impl Device {
    fn new(name: &'static str, log: &Arc<Mutex<Vec<&'static str>>>) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), ..Self::default() })
    }

    fn called(&self, panics: &AtomicBool) {
        if panics.load(Ordering::Relaxed) {
            if self.bomb {
                panic_any(Bomb(3));
            }
            panic_any(Name(self.name));
        }
    }

    fn start<C: Context>(&self, cx: &mut C) -> Result<(), C::Refusal> {
        if self.refuses.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        self.called(&self.at_start);
        Ok(())
    }

    fn end(&self) {
        self.log.lock().unwrap().push(self.name);
        self.called(&self.at_end);
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(cx)
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.end();
    }

    fn on_release(&self, _cx: &mut Sleepable) {
        self.log.lock().unwrap().push(self.name);
        self.called(&self.at_release);
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

/// Six drivers, three of them of intervals, which are called first.
fn six(
    space: &AddressSpace,
    cx: &mut Sleepable,
) -> ([Arc<Device>; 6], Arc<Mutex<Vec<&'static str>>>) {
    let log = Arc::default();
    let devices = ["a", "b", "c", "d", "e", "f"].map(|name| Device::new(name, &log));
    for device in &devices[..3] {
        std::mem::forget(space.subscribe_interval(range(), device.clone(), cx).unwrap());
    }
    for device in &devices[3..] {
        std::mem::forget(space.subscribe(device.clone(), cx).unwrap());
    }
    (devices, log)
}

fn taken(log: &Mutex<Vec<&'static str>>) -> String {
    std::mem::take(&mut *log.lock().unwrap()).concat()
}

/// Every set of drivers whose ends panic: all are called, and the first panic passes through.
#[test]
fn any_number_of_ends_may_panic() {
    for set in (0..64_u32).step_by(if cfg!(miri) { 9 } else { 1 }) {
        sleepable(|cx| {
            let space = AddressSpace::new();
            let (devices, log) = six(&space, cx);
            for (place, device) in devices.iter().enumerate() {
                device.at_end.store(set & (1 << place) != 0, Ordering::Relaxed);
            }
            let first = devices.get(set.trailing_zeros() as usize);
            let expect = |result: Result<(), Box<dyn Any + Send>>| {
                let passed = result.err().map(|payload| name_of(&*payload));
                assert_eq!(passed, first.map(|device| device.name));
                assert_eq!(taken(&log), "abcdef");
                assert_eq!(raw::depth(), 0);
            };
            let invalidation = space.invalidate(range(), Event::Unmap, cx);
            expect(catch_unwind(AssertUnwindSafe(|| drop(invalidation))));
            let invalidation = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
            expect(catch_unwind(AssertUnwindSafe(|| drop(invalidation))));
            // Nothing is left open.
            space.synchronize(cx);
        });
    }
}

/// The ends undo a refusal, or another driver's panic, and panic themselves.
#[test]
fn ends_that_undo_may_panic() {
    sleepable(|cx| {
        let space = AddressSpace::new();
        let (devices, log) = six(&space, cx);
        for device in &devices {
            device.at_end.store(true, Ordering::Relaxed);
        }
        for (last, device) in devices.iter().enumerate() {
            let before = &"abcdef"[..last];
            device.refuses.store(true, Ordering::Relaxed);
            let tried = catch_unwind(AssertUnwindSafe(|| {
                assert!(space.try_invalidate(range(), Event::Unmap, cx).is_err());
            }));
            assert_eq!(tried.is_ok(), last == 0);
            assert!(tried.err().is_none_or(|payload| name_of(&*payload) == "a"));
            assert_eq!(taken(&log), before);
            device.refuses.store(false, Ordering::Relaxed);

            // Here it is the start's panic that passes through.
            device.at_start.store(true, Ordering::Relaxed);
            for blocking in [false, true] {
                let payload = panic_of(|| {
                    if blocking {
                        drop(space.invalidate(range(), Event::Unmap, cx));
                    } else {
                        drop(space.try_invalidate(range(), Event::Unmap, cx));
                    }
                });
                assert_eq!(name_of(&*payload), device.name);
                assert_eq!(taken(&log), before);
            }
            device.at_start.store(false, Ordering::Relaxed);
        }
        space.synchronize(cx);
    });
}

#[test]
fn ends_may_panic_while_their_thread_unwinds() {
    sleepable(|cx| {
        let space = AddressSpace::new();
        let (devices, log) = six(&space, cx);
        for device in &devices {
            device.at_end.store(true, Ordering::Relaxed);
        }
        let payload = panic_of(|| {
            let _outer = space.invalidate(range(), Event::Unmap, cx);
            let _inner = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
            panic_any(Name("caller"));
        });
        assert_eq!(name_of(&*payload), "caller");
        assert_eq!(taken(&log), "abcdefabcdef");
        assert_eq!(raw::depth(), 0);
        space.synchronize(cx);
    });
}

/// What is not passed on is dropped, which may panic in turn.
#[test]
fn what_a_panic_carries_may_panic_when_it_is_dropped() {
    sleepable(|cx| {
        let space = AddressSpace::new();
        let log = Arc::default();
        let first = Device::new("first", &log);
        let bomb = |name| {
            Arc::new(Device { name, log: Arc::clone(&log), bomb: true, ..Device::default() })
        };
        let devices = [first, bomb("second"), bomb("third")];
        for device in &devices {
            device.at_end.store(true, Ordering::Relaxed);
            device.at_release.store(true, Ordering::Relaxed);
            std::mem::forget(space.subscribe(device.clone(), cx).unwrap());
            std::mem::forget(space.subscribe_interval(range(), device.clone(), cx).unwrap());
        }
        let all = "firstsecondthird".repeat(2);
        let invalidation = space.invalidate(range(), Event::Unmap, cx);
        assert_eq!(name_of(&*panic_of(|| drop(invalidation))), "first");
        assert_eq!(taken(&log), all);
        assert_eq!(name_of(&*panic_of(|| space.release(cx))), "first");
        assert_eq!(taken(&log), all);
        for device in devices {
            assert_eq!(Arc::strong_count(&device), 1);
        }
    });
}

/// Both kinds of chain; the undoing after an error, and after a panic.
#[test]
fn undoings_of_a_chain_may_panic() {
    fn undo(called: &AtomicUsize, event: u32) -> Answer<&'static str> {
        if event == 0 {
            return Answer::Continue;
        }
        called.fetch_add(1, Ordering::Relaxed);
        panic_any(Name("undo"));
    }
    let called = Arc::new(AtomicUsize::new(0));
    sleepable(|cx| {
        for panics in [false, true] {
            let last = move || {
                if panics {
                    panic_any(Name("last"));
                }
                Answer::Bad("no")
            };
            let atomic = AtomicChain::<u32, &'static str>::new();
            let blocking = BlockingChain::<u32, &'static str>::new();
            for _ in 0..3 {
                let count = Arc::clone(&called);
                let callback = move |event: &u32, _: &mut NonBlock| undo(&count, *event);
                std::mem::forget(atomic.register(Arc::new(callback), 1, cx).unwrap());
                let count = Arc::clone(&called);
                let callback = move |event: &u32, _: &mut Sleepable| undo(&count, *event);
                std::mem::forget(blocking.register(Arc::new(callback), 1, cx).unwrap());
            }
            let callback = move |_: &u32, _: &mut NonBlock| last();
            std::mem::forget(atomic.register(Arc::new(callback), 0, cx).unwrap());
            let callback = move |_: &u32, _: &mut Sleepable| last();
            std::mem::forget(blocking.register(Arc::new(callback), 0, cx).unwrap());

            let expected = if panics { "last" } else { "undo" };
            assert_eq!(name_of(&*panic_of(|| atomic.call_robust(&0, &1, cx))), expected);
            assert_eq!(called.swap(0, Ordering::Relaxed), 3);
            assert_eq!(name_of(&*panic_of(|| blocking.call_robust(&0, &1, cx))), expected);
            assert_eq!(called.swap(0, Ordering::Relaxed), 3);
            atomic.synchronize(cx);
            blocking.synchronize(cx);
        }
    });
}

/// A driver whose drop panics.
struct Leaver(&'static str);

impl Drop for Leaver {
    fn drop(&mut self) {
        panic_any(Name(self.0));
    }
}

impl Invalidate for Leaver {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

/// Lets a thread do it, and fails if it does not come back.
fn in_time(f: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(f));
        done.send(()).unwrap();
        result.unwrap_or_else(|payload| resume_unwind(payload));
    });
    is_done.recv_timeout(Duration::from_secs(20)).expect("it waits for ever");
    thread.join().unwrap();
}

/// A driver that drops somebody's subscription when the process is gone.
struct Evictor(Mutex<Option<Subscription>>);

impl Invalidate for Evictor {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }

    fn on_release(&self, _cx: &mut Sleepable) {
        drop(self.0.lock().unwrap().take());
    }
}

#[test]
fn a_release_comes_to_its_end_if_a_dropped_driver_panics() {
    // Freed by the first step of the release, or by the last.
    for meanwhile in [false, true] {
        sleepable(|cx| {
            let space = Arc::new(AddressSpace::new());
            let log = Arc::default();
            let device = Device::new("gpu", &log);
            let _subscription = space.subscribe(device.clone(), cx).unwrap();
            let evictor = Arc::new(Evictor(Mutex::default()));
            let _evicts = space.subscribe(evictor.clone(), cx).unwrap();
            let leaver = space.subscribe(Arc::new(Leaver("leaver")), cx).unwrap();
            if meanwhile {
                *evictor.0.lock().unwrap() = Some(leaver);
            } else {
                drop(leaver);
            }
            assert_eq!(name_of(&*panic_of(|| space.release(cx))), "leaver");
            assert_eq!(taken(&log), "gpu");
            assert_eq!(Arc::strong_count(&device), 1);
            assert!(space.subscribe(device, cx).is_err());
            in_time(move || sleepable(|cx| space.release(cx)));
        });
    }
}

#[test]
fn nobody_stays_subscribed_whom_a_panic_kept_from_his_subscription() {
    sleepable(|cx| {
        let (space, log) = (AddressSpace::new(), Arc::default());
        let device = Device::new("gpu", &log);
        let leave =
            |cx: &mut Sleepable| drop(space.subscribe(Arc::new(Leaver("leaver")), cx).unwrap());
        leave(cx);
        let payload = panic_of_some(|| space.subscribe(device.clone(), cx));
        assert_eq!(name_of(&*payload), "leaver");
        leave(cx);
        let payload = panic_of_some(|| space.subscribe_interval(range(), device.clone(), cx));
        assert_eq!(name_of(&*payload), "leaver");
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(taken(&log), "");
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&device), 1);

        let chain = AtomicChain::<u32>::new();
        let dropped = Leaver("callback");
        let leaver = move |_: &u32, _: &mut NonBlock| {
            let _ = &dropped;
            Answer::Continue
        };
        drop(chain.register(Arc::new(leaver), 0, cx).unwrap());
        let callback = || |_: &u32, _: &mut NonBlock| Answer::Continue;
        let payload = panic_of_some(|| chain.register(Arc::new(callback()), 0, cx));
        assert_eq!(name_of(&*payload), "callback");
        assert_eq!(chain.callbacks(), 0);
    });
}

/// A driver's drop panics. Whichever call frees the driver, it has finished its wait before the panic passes through.
#[test]
fn an_unsubscription_waits_all_the_same_if_a_drop_panics() {
    sleepable(|cx| {
        let (space, log) = (Arc::new(AddressSpace::new()), Arc::default());
        let device = Device::new("gpu", &log);
        let subscription = space.subscribe(device.clone(), cx).unwrap();
        let leaver = space.subscribe(Arc::new(Leaver("leaver")), cx).unwrap();
        let (begun, has_begun) = mpsc::channel();
        let invalidating = thread::spawn({
            let space = Arc::clone(&space);
            move |cx| {
                let invalidation = space.invalidate(range(), Event::Unmap, cx);
                begun.send(()).unwrap();
                thread::sleep(cx, Duration::from_millis(50));
                drop(invalidation);
            }
        });
        has_begun.recv().unwrap();
        drop(leaver);
        assert_eq!(name_of(&*panic_of(|| subscription.unsubscribe(cx))), "leaver");
        assert_eq!(taken(&log), "gpu", "the end came before");
        assert_eq!(Arc::strong_count(&device), 1);
        invalidating.join(cx).unwrap();
    });
}

/// What an end callback does in its section is reported with the place at which the invalidation was made.
#[test]
fn a_section_of_an_end_begins_at_the_invalidations_place() {
    struct Sleeper;

    impl Invalidate for Sleeper {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
            nonblock::might_sleep();
        }
    }

    impl InvalidateInterval for Sleeper {
        fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn finish_interval(&self, _range: &Range, _nb: &mut NonBlock) {
            nonblock::might_sleep();
        }
    }

    if !nonblock::CHECKS {
        return;
    }
    sleepable(|cx| {
        let space = AddressSpace::new();
        let _listed = space.subscribe(Arc::new(Sleeper), cx).unwrap();
        let _interval = space.subscribe_interval(range(), Arc::new(Sleeper), cx).unwrap();
        let mut line = 0;
        let found = violations(|| {
            line = line!() + 1;
            let blocking = space.invalidate(range(), Event::Unmap, cx);
            let trying = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
            drop(blocking);
            drop(trying);
        });
        let began: Vec<_> = found.iter().filter_map(Violation::section).collect();
        assert_eq!(began.len(), 4, "{found:#?}");
        assert!(began.iter().all(|place| place.file() == file!()), "{found:#?}");
        let lines: Vec<u32> = began.iter().map(|place| place.line()).collect();
        assert_eq!(lines, [line, line, line + 1, line + 1]);
    });
}

/// A section of the caller stays open: it is not the closure's to close.
#[test]
fn catching_closes_what_the_closure_left_open_and_nothing_else() {
    if !nonblock::CHECKS {
        return;
    }
    let place = nonblock::Place::caller();
    let found = violations(|| {
        raw::non_block(|_nb| {
            nonblock::unwind::catch(place, || ());
            assert_eq!(raw::depth(), 1);
            nonblock::unwind::catch(place, raw::non_block_start);
            assert_eq!(raw::depth(), 1);
        });
        nonblock::unwind::catch(place, raw::non_block_start);
        assert_eq!(raw::depth(), 0);
    });
    let places: Vec<_> = found.iter().map(Violation::place).collect();
    assert_eq!(places, [place, place], "one for each section that was left open");
}
