//! Address spaces: who is called, when, in which context, and at what cost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak, mpsc};
use std::time::Duration;

use nonblock::{Context, NonBlock, Sleepable, WouldBlock, raw, sleepable, thread};
use nonblock_mm::mmu::{
    AddressSpace, Event, Invalidate, Notifier, PAGE_SIZE, Range, Released, Subscription,
};

/// A call of a callback: the driver, the callback, the range, and the depth of sections.
type Call = (&'static str, &'static str, Option<(Range, Event)>, u32);

#[derive(Default)]
struct Log(Mutex<Vec<Call>>);

impl Log {
    fn note(&self, driver: &'static str, what: &'static str, range: Option<&Range>) {
        let range = range.map(|range| (*range, range.event()));
        self.0.lock().unwrap().push((driver, what, range, raw::depth()));
    }

    /// Takes the recorded calls: driver and callback of each.
    fn names(&self) -> Vec<(&'static str, &'static str)> {
        self.take().into_iter().map(|(driver, what, _, _)| (driver, what)).collect()
    }

    fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A driver that notes its calls, and refuses or panics when told to.
#[derive(Default)]
struct Device {
    name: &'static str,
    log: Arc<Log>,
    refuses: AtomicBool,
    panics_at_start: AtomicBool,
    panics_at_end: AtomicBool,
    panics_at_release: AtomicBool,
}

impl Device {
    fn new(name: &'static str, log: &Arc<Log>) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), ..Self::default() })
    }
}

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        if self.refuses.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        let what = if cx.as_sleepable().is_some() { "start" } else { "start_nonblock" };
        self.log.note(self.name, what, Some(range));
        assert!(!self.panics_at_start.load(Ordering::Relaxed), "a start, as told");
        Ok(())
    }

    fn finish(&self, range: &Range, _nb: &mut NonBlock) {
        self.log.note(self.name, "end", Some(range));
        assert!(!self.panics_at_end.load(Ordering::Relaxed), "an end, as told");
    }

    fn on_release(&self, _cx: &mut Sleepable) {
        self.log.note(self.name, "release", None);
        assert!(!self.panics_at_release.load(Ordering::Relaxed), "a release, as told");
    }
}

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).unwrap()
}

/// Runs the closure and returns the message of its panic.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("expected a panic") };
    panic.downcast_ref::<&str>().map_or_else(String::new, ToString::to_string)
}

/// How deep a callback in a section finds itself.
const IN_SECTION: u32 = if nonblock::CHECKS { 1 } else { 0 };

#[test]
fn callbacks_are_told_what_and_in_which_context() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let _subscription = space.subscribe(Device::new("gpu", &log), cx).unwrap();
        let start = Some((range(), Event::Migrate));

        drop(space.invalidate(range(), Event::Migrate, cx));
        let blocking = [("gpu", "start", start, 0), ("gpu", "end", start, IN_SECTION)];
        assert_eq!(log.take(), blocking);

        // A caller that may sleep and only tries is outside the section again, before and after.
        let invalidation = space.try_invalidate(range(), Event::Migrate, cx).unwrap();
        assert_eq!(raw::depth(), 0);
        drop(invalidation);
        assert_eq!(raw::depth(), 0);
        let trying =
            [("gpu", "start_nonblock", start, IN_SECTION), ("gpu", "end", start, IN_SECTION)];
        assert_eq!(log.take(), trying);

        // A caller in a section: one deeper.
        cx.non_block(|nb| drop(space.try_invalidate(range(), Event::Migrate, nb).unwrap()));
        let depth = 2 * IN_SECTION;
        assert_eq!(
            log.take(),
            [("gpu", "start_nonblock", start, depth), ("gpu", "end", start, depth)]
        );

        // The start could sleep; the end, in a section, cannot.
        let invalidation = space.invalidate(range(), Event::Migrate, cx);
        cx.non_block(|_nb| drop(invalidation));
        assert_eq!(log.take(), [("gpu", "start", start, 0), ("gpu", "end", start, depth)]);
    });
}

#[test]
fn callbacks_run_in_the_order_of_subscription() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let names = ["a", "b", "c", "d"];
        let mut subscriptions: Vec<_> = names
            .iter()
            .map(|name| space.subscribe(Device::new(name, &log), cx).unwrap())
            .collect();
        subscriptions.remove(1).unsubscribe(cx);
        drop(space.invalidate(range(), Event::Unmap, cx));
        let starts = ["a", "c", "d"].map(|name| (name, "start"));
        let ends = ["a", "c", "d"].map(|name| (name, "end"));
        assert_eq!(log.names(), [starts, ends].concat());
        assert_eq!(space.subscriptions(), 3);
    });
}

#[test]
fn a_driver_subscribed_twice_is_called_twice() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    let device = Device::new("gpu", &log);
    sleepable(|cx| {
        let first = space.subscribe(device.clone(), cx).unwrap();
        let second = space.subscribe(device.clone(), cx).unwrap();
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(log.names().len(), 4);
        first.unsubscribe(cx);
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(log.names().len(), 2);
        second.unsubscribe(cx);
        assert_eq!(Arc::strong_count(&device), 1);
    });
}

#[test]
fn nobody_need_be_subscribed() {
    let space = AddressSpace::default();
    sleepable(|cx| {
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert!(space.try_invalidate(range(), Event::Unmap, cx).is_ok());
        space.synchronize(cx);
        assert_eq!(space.subscriptions(), 0);
    });
}

#[test]
fn the_object_safe_form_can_be_implemented_alone() {
    struct Plain(AtomicUsize);

    impl Notifier for Plain {
        fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn invalidate_range_start_nonblock(
            &self,
            _range: &Range,
            _nb: &mut NonBlock,
        ) -> Result<(), WouldBlock> {
            Err(WouldBlock)
        }
    }

    let space = AddressSpace::new();
    let plain = Arc::new(Plain(AtomicUsize::new(0)));
    sleepable(|cx| {
        let _subscription = space.subscribe(plain.clone(), cx).unwrap();
        assert_eq!(space.try_invalidate(range(), Event::Unmap, cx).err(), Some(WouldBlock));
        drop(space.invalidate(range(), Event::Unmap, cx));
        // The default release does nothing.
        space.release(cx);
    });
    assert_eq!(plain.0.load(Ordering::Relaxed), 1);
}

#[test]
fn both_traits_can_be_imported_together() {
    let device = Device::new("gpu", &Arc::default());
    // Each name belongs to one of them: these would be ambiguous otherwise.
    sleepable(|cx| {
        let Ok(()) = device.invalidate(&range(), cx);
        device.invalidate_range_start(&range(), cx);
        device.release(cx);
        device.on_release(cx);
        cx.non_block(|nb| {
            device.invalidate_range_start_nonblock(&range(), nb).unwrap();
            device.invalidate_range_end(&range(), nb);
            device.finish(&range(), nb);
        });
    });
    assert_eq!(device.log.names().len(), 7);
}

/// A driver whose start callback runs a closure of the test.
struct Told<F>(F);

impl<F: Fn(&mut Sleepable) + Send + Sync> Invalidate for Told<F> {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        (self.0)(cx.or_refuse()?);
        Ok(())
    }
}

#[test]
fn a_callback_may_subscribe_somebody() {
    let log = Arc::<Log>::default();
    let space = Arc::new(AddressSpace::new());
    let subscribed = Arc::new(OnceLock::new());
    sleepable(|cx| {
        let recruiter = Told({
            let (log, space) = (Arc::clone(&log), Weak::clone(&Arc::downgrade(&space)));
            let subscribed = Arc::clone(&subscribed);
            move |cx: &mut Sleepable| {
                if subscribed.get().is_none() {
                    let space = space.upgrade().unwrap();
                    let new = space.subscribe(Device::new("new", &log), cx).unwrap();
                    subscribed.set(new).unwrap();
                }
            }
        });
        let _subscription = space.subscribe(Arc::new(recruiter), cx).unwrap();
        // Under way without it, from the start to the end.
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(log.names(), []);
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(log.names(), [("new", "start"), ("new", "end")]);
    });
}

#[test]
fn who_subscribes_during_an_invalidation_gets_no_end_of_it() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let open = space.invalidate(range(), Event::Unmap, cx);
        let _subscription = space.subscribe(Device::new("late", &log), cx).unwrap();
        drop(open);
        assert_eq!(log.names(), []);
    });
}

#[test]
fn callbacks_run_under_no_lock() {
    // Another thread changes the list and invalidates while a callback is in the middle.
    let space = Arc::new(AddressSpace::new());
    let elsewhere = Told({
        let space = Arc::downgrade(&space);
        let once = AtomicBool::new(false);
        move |cx: &mut Sleepable| {
            if once.swap(true, Ordering::Relaxed) {
                return;
            }
            let space = space.upgrade().unwrap();
            let (done, is_done) = mpsc::channel();
            thread::spawn(move |cx| {
                drop(space.subscribe(Device::new("other", &Arc::default()), cx).unwrap());
                drop(space.invalidate(range(), Event::Unmap, cx));
                done.send(()).unwrap();
            });
            is_done.recv_timeout(Duration::from_secs(20)).expect("a callback holds a lock");
            let _ = cx;
        }
    });
    sleepable(|cx| {
        let _subscription = space.subscribe(Arc::new(elsewhere), cx).unwrap();
        drop(space.invalidate(range(), Event::Unmap, cx));
    });
}

#[test]
fn a_panic_in_a_start_ends_it_for_those_that_had_started() {
    for blocking in [true, false] {
        let log = Arc::<Log>::default();
        let space = AddressSpace::new();
        let (a, b, c) = (Device::new("a", &log), Device::new("b", &log), Device::new("c", &log));
        b.panics_at_start.store(true, Ordering::Relaxed);
        sleepable(|cx| {
            for device in [&a, &b, &c] {
                std::mem::forget(space.subscribe(device.clone(), cx).unwrap());
            }
            let message = panic_of(|| {
                if blocking {
                    drop(space.invalidate(range(), Event::Unmap, cx));
                } else {
                    drop(space.try_invalidate(range(), Event::Unmap, cx));
                }
            });
            assert_eq!(message, "a start, as told");
            let start = if blocking { "start" } else { "start_nonblock" };
            assert_eq!(log.names(), [("a", start), ("b", start), ("a", "end")]);
            assert_eq!(raw::depth(), 0);

            // Nothing is left open: changes of the list do not wait.
            b.panics_at_start.store(false, Ordering::Relaxed);
            space.synchronize(cx);
            drop(space.invalidate(range(), Event::Unmap, cx));
            assert_eq!(log.names().len(), 6);
        });
    }
}

#[test]
fn a_panic_in_an_end_keeps_nobody_from_his() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    let (a, b, c) = (Device::new("a", &log), Device::new("b", &log), Device::new("c", &log));
    a.panics_at_end.store(true, Ordering::Relaxed);
    sleepable(|cx| {
        for device in [&a, &b, &c] {
            std::mem::forget(space.subscribe(device.clone(), cx).unwrap());
        }
        let invalidation = space.invalidate(range(), Event::Unmap, cx);
        log.take();
        assert_eq!(panic_of(|| drop(invalidation)), "an end, as told");
        assert_eq!(log.names(), [("a", "end"), ("b", "end"), ("c", "end")]);
        assert_eq!(raw::depth(), 0);
        space.synchronize(cx);

        // And where the end undoes a refusal.
        c.refuses.store(true, Ordering::Relaxed);
        let message = panic_of(|| drop(space.try_invalidate(range(), Event::Unmap, cx)));
        assert_eq!(message, "an end, as told");
        let starts = [("a", "start_nonblock"), ("b", "start_nonblock")];
        assert_eq!(log.names(), [starts, [("a", "end"), ("b", "end")]].concat());
        assert_eq!(raw::depth(), 0);
    });
}

#[test]
fn release_runs_once_and_ends_every_subscription() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    let (a, b, c) = (Device::new("a", &log), Device::new("b", &log), Device::new("c", &log));
    sleepable(|cx| {
        let first = space.subscribe(a.clone(), cx).unwrap();
        let second = space.subscribe(b.clone(), cx).unwrap();
        drop(space.subscribe(c.clone(), cx).unwrap());
        space.release(cx);
        space.release(cx);
        let released = [("a", "release", None, 0), ("b", "release", None, 0)];
        assert_eq!(log.take(), released);
        assert_eq!(space.subscriptions(), 0);
        for device in [&a, &b, &c] {
            assert_eq!(Arc::strong_count(device), 1);
        }

        let refused = space.subscribe(a.clone(), cx).unwrap_err();
        assert_eq!(refused, Released);
        let text = "the address space was released: nobody can subscribe to it any more";
        assert_eq!(refused.to_string(), text);

        // What is left of the subscriptions does no harm, and invalidations go on without anybody.
        first.unsubscribe(cx);
        drop(second);
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(log.names(), []);
    });
}

#[test]
fn a_panic_in_a_release_keeps_nobody_from_his() {
    let log = Arc::<Log>::default();
    let space = AddressSpace::new();
    let (a, b) = (Device::new("a", &log), Device::new("b", &log));
    a.panics_at_release.store(true, Ordering::Relaxed);
    sleepable(|cx| {
        let _first = space.subscribe(a.clone(), cx).unwrap();
        let _second = space.subscribe(b.clone(), cx).unwrap();
        assert_eq!(panic_of(|| space.release(cx)), "a release, as told");
        assert_eq!(log.names(), [("a", "release"), ("b", "release")]);
        // It is over all the same.
        space.release(cx);
        assert_eq!(log.names(), []);
        assert_eq!(Arc::strong_count(&a), 1);
    });
}

#[test]
fn a_release_is_called_once_whoever_calls_it() {
    /// A driver whose release takes its time.
    #[derive(Default)]
    struct Slow {
        calls: AtomicUsize,
        done: AtomicBool,
    }

    impl Invalidate for Slow {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn on_release(&self, cx: &mut Sleepable) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            thread::sleep(cx, Duration::from_millis(30));
            self.done.store(true, Ordering::Relaxed);
        }
    }

    let space = AddressSpace::new();
    let slow = Arc::new(Slow::default());
    sleepable(|cx| {
        let _subscription = space.subscribe(slow.clone(), cx).unwrap();
        thread::scope(cx, |scope, _cx| {
            for _ in 0..4 {
                scope.spawn(|cx| {
                    space.release(cx);
                    // Every call that has returned finds the release finished.
                    assert!(slow.done.load(Ordering::Relaxed));
                    assert_eq!(space.subscriptions(), 0);
                });
            }
        });
    });
    assert_eq!(slow.calls.load(Ordering::Relaxed), 1);
}

#[test]
fn a_release_callback_may_release_and_unsubscribe() {
    struct Leaving {
        space: Weak<AddressSpace>,
        own: Mutex<Option<Subscription>>,
        calls: AtomicUsize,
    }

    impl Invalidate for Leaving {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn on_release(&self, cx: &mut Sleepable) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let own = self.own.lock().unwrap().take();
            own.unwrap().unsubscribe(cx);
            self.space.upgrade().unwrap().release(cx);
        }
    }

    let space = Arc::new(AddressSpace::new());
    let leaving = Arc::new(Leaving {
        space: Arc::downgrade(&space),
        own: Mutex::default(),
        calls: AtomicUsize::new(0),
    });
    sleepable(|cx| {
        let own = space.subscribe(leaving.clone(), cx).unwrap();
        *leaving.own.lock().unwrap() = Some(own);
        space.release(cx);
    });
    assert_eq!(leaving.calls.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&leaving), 1);
}

#[test]
fn unsubscribe_waits_for_a_release_callback() {
    struct Slow {
        inside: mpsc::SyncSender<()>,
        may_go: Mutex<mpsc::Receiver<()>>,
        done: AtomicBool,
    }

    impl Invalidate for Slow {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }

        fn on_release(&self, _cx: &mut Sleepable) {
            self.inside.send(()).unwrap();
            self.may_go.lock().unwrap().recv().unwrap();
            self.done.store(true, Ordering::Relaxed);
        }
    }

    sleepable(|cx| {
        let (inside, is_inside) = mpsc::sync_channel(1);
        let (let_go, may_go) = mpsc::channel();
        let slow =
            Arc::new(Slow { inside, may_go: Mutex::new(may_go), done: AtomicBool::new(false) });
        let space = Arc::new(AddressSpace::new());
        let subscription = space.subscribe(slow.clone(), cx).unwrap();
        let releasing = thread::spawn(move |cx| space.release(cx));
        is_inside.recv().unwrap();
        let unsubscribing = thread::spawn(move |cx| subscription.unsubscribe(cx));
        std::thread::sleep(Duration::from_millis(30));
        assert!(!unsubscribing.is_finished());
        let_go.send(()).unwrap();
        unsubscribing.join(cx).unwrap();
        assert!(slow.done.load(Ordering::Relaxed));
        releasing.join(cx).unwrap();
    });
}

#[test]
fn a_dropped_space_drops_its_drivers_and_calls_nobody() {
    let log = Arc::<Log>::default();
    let device = Device::new("gpu", &log);
    sleepable(|cx| {
        let space = AddressSpace::new();
        let _kept = space.subscribe(device.clone(), cx).unwrap();
        // Retired lists go too.
        drop(space.subscribe(device.clone(), cx).unwrap());
        drop(space);
        assert_eq!(Arc::strong_count(&device), 1);
        assert_eq!(log.names(), []);
    });
}

#[test]
fn what_is_shown_for_debugging() {
    let space = AddressSpace::new();
    sleepable(|cx| {
        let subscription = space.subscribe(Device::new("gpu", &Arc::default()), cx).unwrap();
        let invalidation = space.try_invalidate(range(), Event::Clear, cx).unwrap();
        assert_eq!(
            format!("{invalidation:?}"),
            "Invalidation { range: Range(0x100000..0x104000, Clear), intervals: 0, started: 1, .. }"
        );
        assert!(format!("{space:?}").starts_with("AddressSpace"));
        assert!(format!("{subscription:?}").starts_with("Subscription"));
    });
}
