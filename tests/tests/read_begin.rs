//! `read_begin` and `mirror` in every callback there is: they say what is wrong, and never wait for themselves in silence.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::Duration;

use nonblock::{Context, NonBlock, Sleepable, WouldBlock, permit_sleep, raw};
use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, IntervalNotifier, IntervalSubscription, InvalidateInterval,
    InvalidateTwoPass, Notifier, PAGE_SIZE, Range,
};

/// Longer than any of this takes.
const HANGS: Duration = Duration::from_secs(20);

fn range() -> Range {
    Range::with_len(0x10_0000, PAGE_SIZE).unwrap()
}

/// Which way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ReadBegin,
    Mirror,
}

/// A driver that reads in one of its callbacks.
struct Reads {
    callback: &'static str,
    way: Way,
    /// Of an interval that the test's range meets.
    subscription: Mutex<Weak<IntervalSubscription>>,
    /// What came of it.
    outcomes: mpsc::Sender<Result<(), String>>,
}

impl Reads {
    fn callback(&self, callback: &'static str) {
        if self.callback != callback {
            return;
        }
        let subscription = self.subscription.lock().unwrap().upgrade();
        let Some(subscription) = subscription else { return };
        let reading = AssertUnwindSafe(|| {
            permit_sleep("a test", |cx| match self.way {
                Way::ReadBegin => {
                    let _ = subscription.read_begin(cx);
                }
                Way::Mirror => subscription.mirror(0, cx, |_seq, _cx| Some(())),
            });
        });
        let outcome = catch_unwind(reading);
        let message = |panic: Box<dyn std::any::Any + Send>| *panic.downcast::<String>().unwrap();
        // The test may be over: then it has said what it waited for.
        let _ = self.outcomes.send(outcome.map_err(message));
    }
}

impl Notifier for Reads {
    fn invalidate_range_start(&self, _: &Range, _: &mut Sleepable) {
        self.callback("invalidate_range_start");
    }

    fn invalidate_range_start_nonblock(
        &self,
        _: &Range,
        _: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.callback("invalidate_range_start_nonblock");
        Ok(())
    }

    fn invalidate_range_end(&self, _: &Range, _: &mut NonBlock) {
        self.callback("invalidate_range_end");
    }

    fn arch_invalidate_secondary_tlbs(&self, _: &Range, _: &mut NonBlock) {
        self.callback("arch_invalidate_secondary_tlbs");
    }

    fn clear_flush_young(&self, _: &Range, _: &mut NonBlock) -> bool {
        self.callback("clear_flush_young");
        false
    }

    fn clear_young(&self, _: &Range, _: &mut NonBlock) -> bool {
        self.callback("clear_young");
        false
    }

    fn test_young(&self, _: usize, _: &mut NonBlock) -> bool {
        self.callback("test_young");
        false
    }

    fn release(&self, _: &mut Sleepable) {
        self.callback("release");
    }
}

impl IntervalNotifier for Reads {
    fn invalidate_interval_start(&self, range: &Range, _: &mut Sleepable) {
        self.callback(match range.event() {
            Event::Release => "interval's release",
            _ => "invalidate_interval_start",
        });
    }

    fn invalidate_interval_start_nonblock(
        &self,
        _: &Range,
        _: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.callback("invalidate_interval_start_nonblock");
        Ok(())
    }

    fn invalidate_interval_end(&self, range: &Range, _: &mut NonBlock) {
        self.callback(match range.event() {
            Event::Release => "interval's end of a release",
            _ => "invalidate_interval_end",
        });
    }
}

impl InvalidateTwoPass for Reads {
    type Operation = ();

    fn invalidate_start<'cx, C: Context>(
        &self,
        _: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, ()>>, C::Refusal> {
        let Some(cx) = cx.as_sleepable() else {
            self.callback("first pass in a section");
            return Ok(None);
        };
        self.callback("first pass");
        Ok(Some(Finish::new((), cx)))
    }

    fn invalidate_finish(&self, range: &Range, (): (), _: &mut Sleepable) {
        self.callback(match range.event() {
            Event::Release => "second pass of a release",
            _ => "second pass",
        });
    }

    fn invalidate_end(&self, _: &Range, _: &mut NonBlock) {
        self.callback("end of two passes");
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        self.callback("drop");
    }
}

/// A driver of an interval, which does nothing.
struct Idle;

impl InvalidateInterval for Idle {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

/// As what the driver that reads is subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    List,
    Interval,
    TwoPass,
}

/// Each callback of each kind of driver, in which reading is refused.
const CALLBACKS: [(Kind, &str); 18] = [
    (Kind::List, "invalidate_range_start"),
    (Kind::List, "invalidate_range_start_nonblock"),
    (Kind::List, "invalidate_range_end"),
    (Kind::List, "arch_invalidate_secondary_tlbs"),
    (Kind::List, "clear_flush_young"),
    (Kind::List, "clear_young"),
    (Kind::List, "test_young"),
    (Kind::List, "release"),
    (Kind::Interval, "invalidate_interval_start"),
    (Kind::Interval, "invalidate_interval_start_nonblock"),
    (Kind::Interval, "invalidate_interval_end"),
    (Kind::Interval, "interval's release"),
    (Kind::Interval, "interval's end of a release"),
    (Kind::TwoPass, "first pass"),
    (Kind::TwoPass, "first pass in a section"),
    (Kind::TwoPass, "second pass"),
    (Kind::TwoPass, "second pass of a release"),
    (Kind::TwoPass, "end of two passes"),
];

/// Everything that calls callbacks, one after the other.
fn call_everything(space: &AddressSpace, cx: &mut Sleepable) {
    drop(space.invalidate(range(), Event::Unmap, cx));
    let _ = space.try_invalidate(range(), Event::Unmap, cx);
    cx.non_block(|nb| drop(space.try_invalidate(range(), Event::Unmap, nb)));
    space.arch_invalidate_secondary_tlbs(&range(), cx);
    space.clear_flush_young(&range(), cx);
    space.clear_young(&range(), cx);
    space.test_young(range().start(), cx);
    space.release(cx);
}

/// Has the driver read in one callback, on a thread of its own. Returns what came of each call.
fn read_in(
    kind: Kind,
    callback: &'static str,
    way: Way,
    read_before: bool,
    act: fn(Arc<AddressSpace>, Subscribed, &mut Sleepable),
) -> Vec<Result<(), String>> {
    let (outcomes, receive) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        // The violations are those of the test's own making.
        nonblock::testing::run(|| {
            raw::sleepable(|cx| {
                let space = Arc::new(AddressSpace::new());
                let driver = Reads { callback, way, subscription: Mutex::default(), outcomes };
                let driver = Arc::new(driver);
                // Subscribed within an invalidation, its first reading waits for the snapshot before.
                let open = space.invalidate(range(), Event::Clear, cx);
                let interval = space.subscribe_interval(range(), Arc::new(Idle), cx).unwrap();
                drop(open);
                if read_before {
                    let _ = interval.read_begin(cx);
                }
                let interval = Arc::new(interval);
                *driver.subscription.lock().unwrap() = Arc::downgrade(&interval);
                let subscribed = match kind {
                    Kind::List => Held::List(space.subscribe(driver, cx).unwrap()),
                    Kind::Interval => {
                        Held::Interval(space.subscribe_interval(range(), driver, cx).unwrap())
                    }
                    Kind::TwoPass => {
                        Held::Interval(space.subscribe_two_pass(range(), driver, cx).unwrap())
                    }
                };
                act(space, Subscribed { held: subscribed, interval }, cx);
            });
        });
        let _ = done.send(());
    });
    assert!(is_done.recv_timeout(HANGS).is_ok(), "{callback}: {way:?} hangs");
    receive.into_iter().collect()
}

enum Held {
    List(nonblock_mm::mmu::Subscription),
    Interval(IntervalSubscription),
}

struct Subscribed {
    held: Held,
    /// The one that is read.
    interval: Arc<IntervalSubscription>,
}

#[test]
fn reading_in_a_callback_is_refused_in_words() {
    for (kind, callback) in CALLBACKS {
        for (way, name) in [(Way::ReadBegin, "`read_begin`"), (Way::Mirror, "`mirror`")] {
            for read_before in [false, true] {
                let outcomes = read_in(kind, callback, way, read_before, |space, _kept, cx| {
                    call_everything(&space, cx);
                });
                assert!(!outcomes.is_empty(), "{callback} is never called");
                for outcome in outcomes {
                    let message = outcome.expect_err(callback);
                    let expected = format!("{name} within an invalidation");
                    assert!(message.starts_with(&expected), "{callback}: {message}");
                }
            }
        }
    }
}

/// So that a callback that is added is not forgotten here.
#[test]
fn every_callback_is_tried() {
    let mmu = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nonblock-mm/src/mmu");
    let traits = [
        ("driver_callbacks.rs", "Notifier"),
        ("interval_driver_callbacks.rs", "IntervalNotifier"),
        ("two_pass.rs", "InvalidateTwoPass"),
    ];
    let mut tried = 0;
    for (file, name) in traits {
        let source = fs::read_to_string(mmu.join(file)).unwrap();
        let items = syn::parse_file(&source).unwrap().items;
        let callbacks = items
            .iter()
            .find_map(|item| match item {
                syn::Item::Trait(item) if item.ident == name => Some(&item.items),
                _ => None,
            })
            .unwrap();
        for callback in callbacks {
            let syn::TraitItem::Fn(callback) = callback else { continue };
            let is_hidden = callback.attrs.iter().any(|attribute| {
                attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "hidden")
            });
            let signature = format!("    fn {}", callback.sig.ident);
            assert!(is_hidden || include_str!("read_begin.rs").contains(&signature), "{signature}");
            tried += usize::from(!is_hidden);
        }
    }
    assert!(tried > 10);
}

/// A driver is dropped where nothing is held and nobody waits, so its drop may read.
#[test]
fn reading_in_the_drop_of_a_driver_does_not_hang() {
    let ends: [fn(Arc<AddressSpace>, Subscribed, &mut Sleepable); 8] = [
        |_space, subscribed, cx| match subscribed.held {
            Held::List(subscription) => subscription.unsubscribe(cx),
            Held::Interval(subscription) => subscription.unsubscribe(cx),
        },
        |space, subscribed, cx| {
            drop(subscribed.held);
            space.synchronize(cx);
        },
        |space, _subscribed, cx| space.release(cx),
        |space, _subscribed, _cx| drop(space),
        |space, subscribed, cx| {
            drop(subscribed.held);
            for _ in 0..100 {
                drop(space.subscribe_interval(range(), Arc::new(Idle), cx).unwrap());
            }
        },
        // By an end that cannot wait, and by who comes later.
        |space, subscribed, cx| {
            let open = space.invalidate(range(), Event::Unmap, cx);
            match subscribed.held {
                Held::List(subscription) => subscription.unsubscribe(cx),
                Held::Interval(subscription) => subscription.unsubscribe(cx),
            }
            drop(open);
            space.synchronize(cx);
        },
        // By another subscription's end.
        |space, subscribed, cx| {
            drop(subscribed.held);
            space.subscribe_interval(range(), Arc::new(Idle), cx).unwrap().unsubscribe(cx);
        },
        // By the reader itself, who was the last to know the address space.
        |space, subscribed, cx| {
            drop(subscribed.held);
            drop(space);
            let _ = subscribed.interval.read_begin(cx);
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        for kind in [Kind::List, Kind::Interval, Kind::TwoPass] {
            for way in [Way::ReadBegin, Way::Mirror] {
                for read_before in [false, true] {
                    let outcomes = read_in(kind, "drop", way, read_before, end);
                    assert_eq!(outcomes, [Ok(())], "end {number}, {kind:?}, {way:?}");
                }
            }
        }
    }
}
