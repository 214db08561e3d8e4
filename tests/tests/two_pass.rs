//! Drivers of two passes: all have begun before one is waited for, and what has begun is finished, whoever panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nonblock::sync::{Completion, SpinLock};
use nonblock::{Context, NonBlock, Sleepable, WouldBlock, raw, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, IntervalSubscription, Invalidate, InvalidateInterval,
    InvalidateTwoPass, PAGE_SIZE, Range,
};

fn pages(first: usize, count: usize) -> Range {
    Range::with_len(first * PAGE_SIZE, count * PAGE_SIZE).unwrap()
}

/// How deep a callback in a section finds itself at least.
const IN_SECTION: u32 = if nonblock::CHECKS { 1 } else { 0 };

type Log = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

fn taken(log: &Log) -> Vec<(&'static str, &'static str)> {
    std::mem::take(&mut log.lock().unwrap())
}

/// A driver of any kind that notes its calls, and does what it is told.
#[derive(Default)]
struct Device {
    name: &'static str,
    log: Log,
    /// Whether it has anything to wait for: its first pass then refuses in a section.
    busy: AtomicBool,
    /// The callback that panics.
    panics_in: Mutex<&'static str>,
    operations: AtomicUsize,
    /// Makes an invalidation of its own in its first pass.
    nests: SpinLock<Option<Arc<AddressSpace>>>,
}

impl Device {
    fn new(name: &'static str, log: &Log) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), ..Self::default() })
    }

    fn busy(name: &'static str, log: &Log) -> Arc<Self> {
        let device = Self::new(name, log);
        device.busy.store(true, Ordering::Relaxed);
        device
    }

    fn note(&self, what: &'static str) {
        self.log.lock().unwrap().push((self.name, what));
        let panics = *self.panics_in.lock().unwrap() == what;
        assert!(!panics, "{} {what}", self.name);
    }

    fn panics_in(&self, what: &'static str) {
        *self.panics_in.lock().unwrap() = what;
    }
}

impl InvalidateTwoPass for Device {
    type Operation = usize;

    fn invalidate_start<'cx, C: Context>(
        &self,
        range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, usize>>, C::Refusal> {
        if !self.busy.load(Ordering::Relaxed) {
            self.note("start");
            return Ok(None);
        }
        let cx = cx.or_refuse()?;
        self.note("start");
        let operation = self.operations.fetch_add(1, Ordering::Relaxed);
        let nests = self.nests.with(cx, |nests, _nb| nests.take());
        if let Some(space) = nests {
            drop(space.invalidate(*range, Event::Clear, cx));
            self.note("nested");
        }
        Ok(Some(Finish::new(operation, cx)))
    }

    fn invalidate_finish(&self, _: &Range, operation: usize, _: &mut Sleepable) {
        assert!(operation < self.operations.load(Ordering::Relaxed));
        assert_eq!(raw::depth(), 0, "a second pass may sleep");
        self.note(["finish 0", "finish 1", "finish 2"][operation]);
    }

    fn invalidate_end(&self, _: &Range, _: &mut NonBlock) {
        assert!(raw::depth() >= IN_SECTION);
        self.note("end");
    }
}

impl InvalidateInterval for Device {
    fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.busy.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        self.note("start");
        Ok(())
    }

    fn finish_interval(&self, _: &Range, _: &mut NonBlock) {
        self.note("end");
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.busy.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        self.note("start");
        Ok(())
    }

    fn finish(&self, _: &Range, _: &mut NonBlock) {
        self.note("end");
    }
}

fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("expected a panic") };
    *panic.downcast::<String>().unwrap()
}

/// Two devices of two passes, with one of one pass between them, and one on the list.
struct Scene {
    log: Log,
    space: Arc<AddressSpace>,
    first: Arc<Device>,
    single: Arc<Device>,
    second: Arc<Device>,
    list: Arc<Device>,
    intervals: [IntervalSubscription; 3],
    _listed: nonblock_mm::mmu::Subscription,
}

impl Scene {
    fn new(cx: &mut Sleepable) -> Self {
        let (log, space) = (Log::default(), Arc::new(AddressSpace::new()));
        let first = Device::busy("first", &log);
        let single = Device::new("single", &log);
        let second = Device::busy("second", &log);
        let list = Device::new("list", &log);
        let intervals = [
            space.subscribe_two_pass(pages(0, 8), Arc::clone(&first), cx).unwrap(),
            space.subscribe_interval(pages(1, 8), single.clone(), cx).unwrap(),
            space.subscribe_two_pass(pages(2, 8), Arc::clone(&second), cx).unwrap(),
        ];
        let listed = space.subscribe(list.clone(), cx).unwrap();
        Self { log, space, first, single, second, list, intervals, _listed: listed }
    }

    /// What is under way is over, and the next invalidation is as the first one would be.
    fn nothing_is_left(self, cx: &mut Sleepable) {
        for device in [&self.first, &self.single, &self.second, &self.list] {
            device.panics_in("nothing");
            device.operations.store(0, Ordering::Relaxed);
        }
        for interval in &self.intervals {
            let _ = interval.read_begin(cx);
        }
        taken(&self.log);
        drop(self.space.invalidate(pages(4, 1), Event::Unmap, cx));
        assert_eq!(taken(&self.log), [STARTS.as_slice(), &ENDS].concat());
        assert_eq!(raw::depth(), 0);
    }
}

const STARTS: [(&str, &str); 6] = [
    ("first", "start"),
    ("single", "start"),
    ("second", "start"),
    ("first", "finish 0"),
    ("second", "finish 0"),
    ("list", "start"),
];

const ENDS: [(&str, &str); 4] =
    [("first", "end"), ("single", "end"), ("second", "end"), ("list", "end")];

#[test]
fn all_have_begun_before_one_is_waited_for() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        let open = scene.space.invalidate(pages(4, 1), Event::Unmap, cx);
        assert_eq!(taken(&scene.log), STARTS);
        drop(open);
        assert_eq!(taken(&scene.log), ENDS);
        // One of them only.
        scene.first.operations.store(0, Ordering::Relaxed);
        drop(scene.space.invalidate(pages(0, 1), Event::Unmap, cx));
        let alone = [("first", "start"), ("first", "finish 0"), ("list", "start")];
        assert_eq!(taken(&scene.log), [alone.as_slice(), &[ENDS[0], ENDS[3]]].concat());
        scene.nothing_is_left(cx);
    });
}

/// Each device is done only when the other one has been told as well. With one pass this would wait for ever.
#[test]
fn the_devices_work_at_the_same_time() {
    struct Gpu {
        told: Completion,
        done: Completion,
    }

    impl InvalidateTwoPass for Gpu {
        type Operation = ();

        fn invalidate_start<'cx, C: Context>(
            &self,
            _: &Range,
            cx: &'cx mut C,
        ) -> Result<Option<Finish<'cx, ()>>, C::Refusal> {
            let cx = cx.or_refuse()?;
            self.told.complete();
            Ok(Some(Finish::new((), cx)))
        }

        fn invalidate_finish(&self, _: &Range, (): (), cx: &mut Sleepable) {
            self.done.wait(cx);
        }
    }

    let space = AddressSpace::new();
    let gpus = [(); 2].map(|()| Arc::new(Gpu { told: Completion::new(), done: Completion::new() }));
    sleepable(|cx| {
        let _subscriptions = gpus
            .each_ref()
            .map(|gpu| space.subscribe_two_pass(pages(0, 8), Arc::clone(gpu), cx).unwrap());
        let hardware = thread::spawn({
            let gpus = gpus.clone();
            move |cx| {
                for gpu in &gpus {
                    gpu.told.wait(cx);
                }
                for gpu in &gpus {
                    gpu.done.complete();
                }
            }
        });
        drop(space.invalidate(pages(0, 1), Event::Unmap, cx));
        hardware.join(cx).unwrap();
    });
}

#[test]
fn who_must_not_sleep_has_no_second_pass() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        let attempt = |cx: &mut Sleepable| {
            let outcome = scene.space.try_invalidate(pages(4, 1), Event::Unmap, cx);
            (outcome.err(), taken(&scene.log))
        };
        assert_eq!(attempt(cx), (Some(WouldBlock), vec![]));
        // What started before the refusal has its end, and was not finished: it had nothing to wait for.
        scene.first.busy.store(false, Ordering::Relaxed);
        let rolled_back = [&STARTS[..2], &ENDS[..2]].concat();
        assert_eq!(attempt(cx), (Some(WouldBlock), rolled_back));
        for interval in &scene.intervals {
            assert!(interval.try_read_begin().is_some());
        }
        // In a section too.
        cx.non_block(|nb| {
            assert!(scene.space.try_invalidate(pages(4, 1), Event::Unmap, nb).is_err());
        });
        taken(&scene.log);
        scene.second.busy.store(false, Ordering::Relaxed);
        let open = scene.space.try_invalidate(pages(4, 1), Event::Unmap, cx).unwrap();
        assert_eq!(taken(&scene.log), [&STARTS[..3], &STARTS[5..]].concat());
        drop(open);
        assert_eq!(taken(&scene.log), ENDS);
        for device in [&scene.first, &scene.second] {
            device.busy.store(true, Ordering::Relaxed);
        }
        scene.nothing_is_left(cx);
    });
}

#[test]
fn a_panic_of_a_first_pass_finishes_what_has_begun() {
    sleepable(|cx| {
        for (panics, started, finished) in [(0, 0, 0), (1, 1, 1), (2, 2, 1)] {
            let scene = Scene::new(cx);
            let device = [&scene.first, &scene.single, &scene.second][panics];
            device.panics_in("start");
            let message = panic_of(|| scene.space.invalidate(pages(4, 1), Event::Unmap, cx));
            assert_eq!(message, format!("{} start", device.name));
            let expected = [&STARTS[..=panics], &STARTS[3..3 + finished], &ENDS[..started]];
            assert_eq!(taken(&scene.log), expected.concat());
            scene.nothing_is_left(cx);
        }
    });
}

#[test]
fn a_panic_of_a_second_pass_keeps_nobody_from_his() {
    sleepable(|cx| {
        for panics in [0, 1] {
            let scene = Scene::new(cx);
            let device = [&scene.first, &scene.second][panics];
            device.panics_in("finish 0");
            let message = panic_of(|| scene.space.invalidate(pages(4, 1), Event::Unmap, cx));
            assert_eq!(message, format!("{} finish 0", device.name));
            // The list was not told yet.
            assert_eq!(taken(&scene.log), [&STARTS[..5], &ENDS[..3]].concat());
            scene.nothing_is_left(cx);
        }
    });
}

/// Both a first and a second pass panic: the first of the panics passes, and all ends are made.
#[test]
fn panics_of_both_passes_do_not_abort() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        scene.first.panics_in("finish 0");
        scene.second.panics_in("start");
        let message = panic_of(|| scene.space.invalidate(pages(4, 1), Event::Unmap, cx));
        assert_eq!(message, "second start");
        assert_eq!(taken(&scene.log), [&STARTS[..4], &ENDS[..2]].concat());
        scene.nothing_is_left(cx);
    });
}

#[test]
fn a_panic_of_the_list_comes_after_the_second_passes() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        scene.list.panics_in("start");
        let message = panic_of(|| scene.space.invalidate(pages(4, 1), Event::Unmap, cx));
        assert_eq!(message, "list start");
        assert_eq!(taken(&scene.log), [STARTS.as_slice(), &ENDS[..3]].concat());
        scene.nothing_is_left(cx);
    });
}

/// There is room for one operation of an interval: the inner one is finished at once, and the outer one in its turn.
#[test]
fn an_invalidation_within_a_first_pass_finishes_its_own_operation_only() {
    let (log, space) = (Log::default(), Arc::new(AddressSpace::new()));
    let [outer, inner] = ["outer", "inner"].map(|name| Device::busy(name, &log));
    sleepable(|cx| {
        let _outer = space.subscribe_two_pass(pages(0, 8), Arc::clone(&outer), cx).unwrap();
        let _inner = space.subscribe_two_pass(pages(1, 8), Arc::clone(&inner), cx).unwrap();
        inner.nests.with(cx, |nests, _nb| *nests = Some(Arc::clone(&space)));
        let open = space.invalidate(pages(4, 1), Event::Unmap, cx);
        let expected = [
            ("outer", "start"),
            ("inner", "start"),
            // The nested one: the outer driver's place is taken, the inner one's is not.
            ("outer", "start"),
            ("outer", "finish 1"),
            ("inner", "start"),
            ("inner", "finish 1"),
            ("outer", "end"),
            ("inner", "end"),
            ("inner", "nested"),
            ("outer", "finish 0"),
            ("inner", "finish 0"),
        ];
        assert_eq!(taken(&log), expected);
        drop(open);
        assert_eq!(taken(&log), [("outer", "end"), ("inner", "end")]);
    });
}

/// A start that succeeded gets its end, though its operation was finished at once and that panicked.
#[test]
fn a_panic_of_an_operation_that_is_finished_at_once_leaves_no_start_without_an_end() {
    let (log, space) = (Log::default(), Arc::new(AddressSpace::new()));
    let [outer, inner] = ["outer", "inner"].map(|name| Device::busy(name, &log));
    sleepable(|cx| {
        let _outer = space.subscribe_two_pass(pages(0, 8), Arc::clone(&outer), cx).unwrap();
        let _inner = space.subscribe_two_pass(pages(1, 8), Arc::clone(&inner), cx).unwrap();
        inner.nests.with(cx, |nests, _nb| *nests = Some(Arc::clone(&space)));
        outer.panics_in("finish 1");
        let panic = panic_of(|| drop(space.invalidate(pages(4, 1), Event::Unmap, cx)));
        assert_eq!(panic, "outer finish 1");
        let expected = [
            ("outer", "start"),
            ("inner", "start"),
            // The nested one, whose operation has no place to wait in.
            ("outer", "start"),
            ("outer", "finish 1"),
            ("outer", "end"),
            ("outer", "finish 0"),
            ("outer", "end"),
        ];
        assert_eq!(taken(&log), expected);
    });
}

#[test]
fn a_release_makes_two_passes_too() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        scene.space.release(cx);
        let expected = [
            ("first", "start"),
            ("single", "start"),
            ("single", "end"),
            ("second", "start"),
            ("first", "finish 0"),
            ("first", "end"),
            ("second", "finish 0"),
            ("second", "end"),
        ];
        assert_eq!(taken(&scene.log), expected);
        for interval in &scene.intervals {
            let _ = interval.read_begin(cx);
        }
        for device in [&scene.first, &scene.second] {
            assert_eq!(Arc::strong_count(device), 1);
        }
    });
}

#[test]
fn a_panic_in_a_release_keeps_nobody_from_his_second_pass() {
    sleepable(|cx| {
        let scene = Scene::new(cx);
        scene.first.panics_in("finish 0");
        scene.single.panics_in("start");
        assert_eq!(panic_of(|| scene.space.release(cx)), "single start");
        let expected = [
            ("first", "start"),
            ("single", "start"),
            ("second", "start"),
            ("first", "finish 0"),
            ("first", "end"),
            ("second", "finish 0"),
            ("second", "end"),
        ];
        assert_eq!(taken(&scene.log), expected);
        for interval in &scene.intervals {
            let _ = interval.read_begin(cx);
        }
    });
}

/// Several threads at one interval: each operation is finished once, by the thread that began it.
#[test]
fn operations_of_several_threads_are_not_mixed_up() {
    thread_local! {
        static BEGUN: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    #[derive(Default)]
    struct Numbered {
        next: AtomicUsize,
        second_passes: AtomicUsize,
    }

    impl InvalidateTwoPass for Numbered {
        type Operation = usize;

        fn invalidate_start<'cx, C: Context>(
            &self,
            _: &Range,
            cx: &'cx mut C,
        ) -> Result<Option<Finish<'cx, usize>>, C::Refusal> {
            let cx = cx.or_refuse()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            BEGUN.with_borrow_mut(|begun| begun.push(number));
            std::thread::yield_now();
            Ok(Some(Finish::new(number, cx)))
        }

        fn invalidate_finish(&self, _: &Range, number: usize, _: &mut Sleepable) {
            let own = BEGUN.with_borrow_mut(|begun| {
                let place = begun.iter().position(|begun| *begun == number)?;
                Some(begun.remove(place))
            });
            assert_eq!(own, Some(number));
            self.second_passes.fetch_add(1, Ordering::Relaxed);
        }
    }

    let rounds = if cfg!(miri) { 10 } else { 1_000 };
    let space = AddressSpace::new();
    let drivers = [(); 3].map(|()| Arc::<Numbered>::default());
    sleepable(|cx| {
        let _subscriptions = drivers
            .each_ref()
            .map(|driver| space.subscribe_two_pass(pages(0, 8), Arc::clone(driver), cx).unwrap());
        thread::scope(cx, |scope, _cx| {
            for _ in 0..4 {
                scope.spawn(|cx| {
                    for _ in 0..rounds {
                        drop(space.invalidate(pages(0, 1), Event::Unmap, cx));
                        BEGUN.with_borrow(|begun| assert!(begun.is_empty()));
                    }
                });
            }
        });
        for driver in &drivers {
            assert_eq!(driver.second_passes.load(Ordering::Relaxed), 4 * rounds);
        }
    });
}
