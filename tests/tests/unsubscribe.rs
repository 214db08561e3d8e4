//! The ends of subscriptions: no callback runs after `unsubscribe` has returned, and no thread waits for itself.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak, mpsc};
use std::thread as native;
use std::time::Duration;

use nonblock::notifier::{Answer, AtomicChain};
use nonblock::rcu::ends_are_deferred;
use nonblock::testing::violations;
use nonblock::{Context, NonBlock, Sleepable, ViolationKind, raw, sleepable, thread};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range, Subscription};

/// Long enough for what must not happen to happen.
const A_WHILE: Duration = Duration::from_millis(50);

fn range() -> Range {
    Range::with_len(0x10_0000, 4096).unwrap()
}

/// A driver that notices callbacks after its end, and ends without starts.
#[derive(Debug, Default)]
struct Watched {
    gone: AtomicBool,
    starts: AtomicU64,
    under_way: AtomicI64,
    faults: Arc<AtomicU64>,
}

impl Watched {
    fn check(&self, ok: bool) {
        if !ok {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Invalidate for Watched {
    fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::Relaxed);
        // Time for the other threads to go wrong.
        native::yield_now();
        self.check(!self.gone.load(Ordering::Acquire));
        Ok(())
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.check(!self.gone.load(Ordering::Acquire));
        let before = self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.check(before > 0);
    }
}

/// A driver whose start callback runs a closure of the test.
struct Told<F>(F);

impl<F: Fn(&mut Sleepable) + Send + Sync> Invalidate for Told<F> {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        (self.0)(cx.or_refuse()?);
        Ok(())
    }
}

/// Threads that invalidate, and threads that come and go, for a while.
fn churn(end: impl Fn(Subscription, &AddressSpace, &mut Sleepable) + Sync) {
    let length = if cfg!(miri) { Duration::from_millis(200) } else { Duration::from_millis(800) };
    let space = AddressSpace::new();
    let faults = Arc::new(AtomicU64::new(0));
    let running = AtomicBool::new(true);
    let rounds = AtomicU64::new(0);
    let starts = AtomicU64::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            for number in 0..3 {
                let (space, running) = (&space, &running);
                scope.spawn(move |cx| {
                    while running.load(Ordering::Relaxed) {
                        match number {
                            0 => drop(space.invalidate(range(), Event::Unmap, cx)),
                            1 => drop(space.try_invalidate(range(), Event::Unmap, cx).unwrap()),
                            _ => {
                                // Nested, and ended in the order of the beginning.
                                let first = space.try_invalidate(range(), Event::Clear, cx);
                                let second = space.invalidate(range(), Event::Migrate, cx);
                                drop(first);
                                drop(second);
                            }
                        }
                    }
                });
            }
            for _ in 0..3 {
                let (space, running, faults, end) = (&space, &running, &faults, &end);
                let (rounds, starts) = (&rounds, &starts);
                scope.spawn(move |cx| {
                    while running.load(Ordering::Relaxed) {
                        let faults = Arc::clone(faults);
                        let driver = Arc::new(Watched { faults, ..Watched::default() });
                        let subscription = space.subscribe(driver.clone(), cx).unwrap();
                        native::yield_now();
                        end(subscription, space, cx);
                        driver.gone.store(true, Ordering::Release);
                        driver.check(driver.under_way.load(Ordering::Relaxed) == 0);
                        rounds.fetch_add(1, Ordering::Relaxed);
                        starts.fetch_add(driver.starts.load(Ordering::Relaxed), Ordering::Relaxed);
                    }
                });
            }
            thread::sleep(cx, length);
            running.store(false, Ordering::Relaxed);
        });
        space.synchronize(cx);
    });
    assert_eq!(faults.load(Ordering::Relaxed), 0);
    assert_eq!(Arc::strong_count(&faults), 1, "no driver is left");
    assert_eq!(space.subscriptions(), 0);
    // The test would show nothing if the two had never met.
    assert!(rounds.load(Ordering::Relaxed) > 0);
    assert!(starts.load(Ordering::Relaxed) > 0);
}

#[test]
fn no_callback_after_unsubscribe_returned() {
    churn(|subscription, _space, cx| subscription.unsubscribe(cx));
}

#[test]
fn no_callback_after_a_drop_and_synchronize_returned() {
    churn(|subscription, space, cx| {
        drop(subscription);
        space.synchronize(cx);
    });
}

#[test]
fn no_callback_after_a_drop_in_a_section_and_synchronize_returned() {
    churn(|subscription, space, cx| {
        cx.non_block(|_nb| drop(subscription));
        space.synchronize(cx);
    });
}

#[test]
fn unsubscribe_waits_for_the_end_of_an_invalidation_not_only_for_its_start() {
    let space = Arc::new(AddressSpace::new());
    let driver = Arc::new(Watched::default());
    sleepable(|cx| {
        let (begun, has_begun) = mpsc::channel();
        let (let_go, may_go) = mpsc::channel::<()>();
        let subscription = space.subscribe(driver.clone(), cx).unwrap();
        let invalidating = thread::spawn({
            let space = Arc::clone(&space);
            move |cx| {
                let invalidation = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                drop(invalidation);
            }
        });
        has_begun.recv().unwrap();
        let unsubscribing = thread::spawn(move |cx| subscription.unsubscribe(cx));
        native::sleep(A_WHILE);
        assert!(!unsubscribing.is_finished());
        let_go.send(()).unwrap();
        unsubscribing.join(cx).unwrap();
        assert_eq!(driver.under_way.load(Ordering::Relaxed), 0);
        invalidating.join(cx).unwrap();
    });
    assert_eq!(Arc::strong_count(&driver), 1);
}

/// An invalidation that began after the removal does not call the driver, so nobody has to wait for it.
#[test]
fn invalidations_that_follow_one_another_without_a_gap_do_not_starve_unsubscribe() {
    let space = AddressSpace::new();
    let driver = Arc::new(Watched::default());
    let running = AtomicBool::new(true);
    sleepable(|cx| {
        let subscription = space.subscribe(driver, cx).unwrap();
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                let mut open = space.invalidate(range(), Event::Unmap, cx);
                while running.load(Ordering::Relaxed) {
                    // The next begins before the last ends.
                    open = space.invalidate(range(), Event::Unmap, cx);
                }
                drop(open);
            });
            thread::sleep(cx, Duration::from_millis(5));
            let unsubscribing = scope.spawn(move |cx| subscription.unsubscribe(cx));
            unsubscribing.join(cx).unwrap();
            running.store(false, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_drop_in_a_section_defers() {
    let space = AddressSpace::new();
    let driver = Arc::new(Watched::default());
    sleepable(|cx| {
        let subscription = space.subscribe(driver.clone(), cx).unwrap();
        let open = space.try_invalidate(range(), Event::Unmap, cx).unwrap();
        cx.non_block(|nb| {
            drop(subscription);
            // Those that begin now pass it by.
            drop(space.try_invalidate(range(), Event::Unmap, nb).unwrap());
        });
        assert_eq!(space.subscriptions(), 0);
        assert_eq!(driver.starts.load(Ordering::Relaxed), 1);
        // The one under way ends for it all the same.
        assert_eq!(driver.under_way.load(Ordering::Relaxed), 1);
        drop(open);
        assert_eq!(driver.under_way.load(Ordering::Relaxed), 0);
        // Nothing was freed in the section.
        assert_eq!(Arc::strong_count(&driver), 2);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&driver), 1);
    });
}

#[test]
fn a_dropped_subscription_is_cleared_away_by_later_changes() {
    let space = AddressSpace::new();
    let first = Arc::new(Watched::default());
    let second = Arc::new(Watched::default());
    sleepable(|cx| {
        drop(space.subscribe(first.clone(), cx).unwrap());
        assert_eq!(Arc::strong_count(&first), 2);
        let subscription = space.subscribe(second.clone(), cx).unwrap();
        subscription.unsubscribe(cx);
        assert_eq!(Arc::strong_count(&first), 1);
        assert_eq!(Arc::strong_count(&second), 1);
    });
}

/// A change of the list looks only now and then whether dropped drivers can be freed.
#[test]
fn later_changes_leave_little_behind_though_nobody_waits() {
    let (space, chain) = (AddressSpace::new(), AtomicChain::<u32>::new());
    let driver = Arc::new(Watched::default());
    let callback = Arc::new(());
    sleepable(|cx| {
        for _ in 0..1_000 {
            drop(space.subscribe(driver.clone(), cx).unwrap());
            let kept = callback.clone();
            let answer = move |_: &u32, _: &mut NonBlock| {
                let _ = &kept;
                Answer::Continue
            };
            drop(chain.register(Arc::new(answer), 0, cx).unwrap());
            assert!(Arc::strong_count(&driver) <= 20);
            assert!(Arc::strong_count(&callback) <= 20);
        }
        space.synchronize(cx);
        chain.synchronize(cx);
        assert_eq!(Arc::strong_count(&driver), 1);
        assert_eq!(Arc::strong_count(&callback), 1);
    });
}

/// The counts of a driver lie beside its data: who counts there stops those who are told of an invalidation.
#[test]
fn changes_of_the_list_leave_the_counts_of_its_drivers_alone() {
    let space = AddressSpace::new();
    let driver = Arc::new(Watched::default());
    sleepable(|cx| {
        let _subscription = space.subscribe(driver.clone(), cx).unwrap();
        // Keeps every list that there was.
        let open = space.invalidate(range(), Event::Unmap, cx);
        let others: Vec<_> =
            (0..50).map(|_| space.subscribe(Arc::new(Watched::default()), cx).unwrap()).collect();
        assert_eq!(Arc::strong_count(&driver), 2);
        drop(others);
        drop(open);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&driver), 2);
    });
}

#[test]
fn unsubscribe_within_its_own_callback_defers() {
    let space = AddressSpace::new();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let driver = Arc::new(Told({
        let (own, calls) = (Arc::clone(&own), Arc::clone(&calls));
        move |cx: &mut Sleepable| {
            calls.fetch_add(1, Ordering::Relaxed);
            let subscription = own.lock().unwrap().take();
            assert!(ends_are_deferred());
            subscription.unwrap().unsubscribe(cx);
        }
    }));
    sleepable(|cx| {
        *own.lock().unwrap() = Some(space.subscribe(driver.clone(), cx).unwrap());
        drop(space.invalidate(range(), Event::Unmap, cx));
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        space.synchronize(cx);
    });
    assert_eq!(Arc::strong_count(&driver), 1);
}

#[test]
fn unsubscribe_while_holding_an_invalidation_defers() {
    let space = AddressSpace::new();
    let driver = Arc::new(Watched::default());
    sleepable(|cx| {
        let subscription = space.subscribe(driver.clone(), cx).unwrap();
        let open = space.invalidate(range(), Event::Unmap, cx);
        assert!(ends_are_deferred());
        subscription.unsubscribe(cx);
        assert_eq!(driver.under_way.load(Ordering::Relaxed), 1);
        drop(open);
        assert_eq!(driver.under_way.load(Ordering::Relaxed), 0);
        drop(space.invalidate(range(), Event::Unmap, cx));
        assert_eq!(driver.starts.load(Ordering::Relaxed), 1);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&driver), 1);
    });
}

/// It counts as open from then on: who ends a subscription on its thread can know that nobody is waited for.
#[test]
fn a_forgotten_invalidation_puts_off_every_end_on_its_thread() {
    sleepable(|cx| {
        let (forgotten, other) = (AddressSpace::new(), Arc::new(AddressSpace::new()));
        let subscribe = |cx: &mut Sleepable| other.subscribe(Arc::<Watched>::default(), cx);
        let (here, there) = (subscribe(cx).unwrap(), subscribe(cx).unwrap());
        let open = other.invalidate(range(), Event::Unmap, cx);
        native::scope(|scope| {
            let forgetful = scope.spawn(|| {
                sleepable(|cx| {
                    std::mem::forget(forgotten.invalidate(range(), Event::Unmap, cx));
                    assert!(ends_are_deferred());
                    // Another thread's is open, and it comes back all the same.
                    there.unsubscribe(cx);
                    other.synchronize(cx);
                });
            });
            forgetful.join().unwrap();
        });
        drop(open);
        assert!(!ends_are_deferred());
        here.unsubscribe(cx);
    });
}

/// Two callbacks on two threads, each of which ends a subscription that the other thread's invalidation may call.
#[test]
fn two_callbacks_that_unsubscribe_do_not_wait_for_each_other() {
    // The same address space twice, and one each.
    for spaces in [1, 2] {
        let spaces: Vec<_> = (0..spaces).map(|_| Arc::new(AddressSpace::new())).collect();
        let both_subscribed = Arc::new(Barrier::new(2));
        let both_inside = Arc::new(Barrier::new(2));
        let (finished, has_finished) = mpsc::channel();
        for number in 0..2 {
            let own = Arc::clone(&spaces[number % spaces.len()]);
            let other = Arc::clone(&spaces[(number + 1) % spaces.len()]);
            let both_subscribed = Arc::clone(&both_subscribed);
            let both_inside = Arc::clone(&both_inside);
            let finished = finished.clone();
            thread::spawn(move |cx| {
                let victim = other.subscribe(Arc::new(Watched::default()), cx).unwrap();
                let victim = Mutex::new(Some(victim));
                let once = Told(move |cx: &mut Sleepable| {
                    // In one space both are called by both threads: the first call of each counts.
                    let Some(victim) = victim.lock().unwrap().take() else { return };
                    both_inside.wait();
                    victim.unsubscribe(cx);
                });
                let subscription = own.subscribe(Arc::new(once), cx).unwrap();
                // Each thread finds both callbacks, so that one is left for the second.
                both_subscribed.wait();
                drop(own.invalidate(range(), Event::Unmap, cx));
                subscription.unsubscribe(cx);
                finished.send(()).unwrap();
            });
        }
        for _ in 0..2 {
            has_finished.recv_timeout(Duration::from_secs(20)).expect("they wait for each other");
        }
    }
}

#[test]
fn a_subscription_may_outlive_its_address_space() {
    let driver = Arc::new(Watched::default());
    sleepable(|cx| {
        let space = AddressSpace::new();
        let first = space.subscribe(driver.clone(), cx).unwrap();
        let second = space.subscribe(driver.clone(), cx).unwrap();
        drop(space);
        // The space dropped them.
        assert_eq!(Arc::strong_count(&driver), 1);
        first.unsubscribe(cx);
        cx.non_block(|_nb| drop(second));
    });
}

#[test]
fn a_driver_may_change_the_list_when_it_is_dropped() {
    /// Subscribes somebody else when it is dropped, which the list does.
    struct Leaver {
        space: Weak<AddressSpace>,
        left: Arc<OnceLock<Subscription>>,
    }

    impl Invalidate for Leaver {
        fn invalidate<C: Context>(&self, _range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
            Ok(())
        }
    }

    impl Drop for Leaver {
        fn drop(&mut self) {
            let Some(space) = self.space.upgrade() else { return };
            let subscription =
                sleepable(|cx| space.subscribe(Arc::new(Watched::default()), cx).unwrap());
            self.left.set(subscription).unwrap();
        }
    }

    let space = Arc::new(AddressSpace::new());
    let left = Arc::new(OnceLock::new());
    sleepable(|cx| {
        let leaver = Leaver { space: Arc::downgrade(&space), left: Arc::clone(&left) };
        let subscription = space.subscribe(Arc::new(leaver), cx).unwrap();
        subscription.unsubscribe(cx);
    });
    assert!(left.get().is_some());
    assert_eq!(space.subscriptions(), 1);
}

/// The compiler does not see a root within a section; the counters do, at the caller's place.
#[test]
fn what_may_sleep_is_reported_in_a_section() {
    if !nonblock::CHECKS {
        return;
    }
    let space = AddressSpace::new();
    let driver: Arc<Watched> = Arc::default();
    let subscription = sleepable(|cx| space.subscribe(driver.clone(), cx).unwrap());
    let found = violations(|| {
        raw::sleepable(|cx| {
            raw::non_block(|_nb| {
                drop(space.invalidate(range(), Event::Unmap, cx));
                space.synchronize(cx);
                drop(space.subscribe(driver, cx));
                subscription.unsubscribe(cx);
                space.release(cx);
            });
        });
    });
    let lines: BTreeSet<u32> = found.iter().map(|found| found.location().line()).collect();
    assert_eq!(lines.len(), 5, "five calls: {found:#?}");
    for found in found {
        assert_eq!(found.kind(), ViolationKind::SleepInNonBlock);
        assert_eq!(found.location().file(), file!());
    }
}
