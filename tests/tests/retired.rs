//! What was replaced or removed: how much memory it takes until it is dropped, and who drops it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread as native;
use std::time::Duration;

use nonblock::notifier::{Answer, AtomicChain, BlockingChain, Registration};
use nonblock::rcu::Rcu;
use nonblock::{Context, NonBlock, Sleepable, non_block, sleepable};
use nonblock_mm::mmu::{
    AddressSpace, Event, IntervalSubscription, Invalidate, InvalidateInterval, PAGE_SIZE, Range,
    Subscription,
};

/// How many bytes are allocated, and how many times memory was freed.
static ALLOCATED: AtomicIsize = AtomicIsize::new(0);
static FREES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size().cast_signed(), SeqCst);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size().cast_signed(), SeqCst);
        FREES.fetch_add(1, SeqCst);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The tests count what the whole program allocates, so they run one at a time.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn allocated() -> isize {
    ALLOCATED.load(SeqCst)
}

/// Returns how many times the closure frees memory.
fn frees(f: impl FnOnce()) -> usize {
    let before = FREES.load(SeqCst);
    f();
    FREES.load(SeqCst) - before
}

#[derive(Default)]
struct Device;

impl Invalidate for Device {
    fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

struct Mirror;

impl InvalidateInterval for Mirror {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn page(number: usize) -> Range {
    Range::with_len((number + 1) * PAGE_SIZE, PAGE_SIZE).unwrap()
}

fn subscribe(space: &AddressSpace, cx: &mut Sleepable) -> Subscription {
    space.subscribe(Arc::new(Device), cx).unwrap()
}

fn subscribe_interval(
    space: &AddressSpace,
    number: usize,
    cx: &mut Sleepable,
) -> IntervalSubscription {
    space.subscribe_interval(page(number), Arc::new(Mirror), cx).unwrap()
}

fn register(chain: &BlockingChain<u32>, cx: &mut Sleepable) -> Registration {
    chain.register_fn(|_, _| Answer::Continue, 0, cx)
}

/// What a subscription or registration that outlives its owner is made of at most.
const OWN_PARTS: usize = 4;

#[test]
fn the_last_interval_dropped_after_its_space_frees_nothing_of_the_others() {
    let _one = one_at_a_time();
    for dropped_before_space in [0, 500, 999] {
        let space = AddressSpace::new();
        let mut subscriptions: Vec<_> = sleepable(|cx| {
            (0..1000).map(|number| subscribe_interval(&space, number, cx)).collect()
        });
        let kept = subscriptions.split_off(dropped_before_space);
        let in_space = frees(|| {
            non_block(|_nb| {
                for subscription in &mut subscriptions.drain(..) {
                    drop(subscription);
                }
            });
        });
        assert_eq!(in_space, 0, "a drop in a section frees nothing while the space lives");
        drop(space);
        for (left, subscription) in kept.into_iter().enumerate().rev() {
            let count = frees(|| non_block(|_nb| drop(subscription)));
            assert!(count <= OWN_PARTS, "{count} frees with {left} subscriptions left");
        }
    }
}

#[test]
fn a_registration_or_subscription_dropped_after_its_owner_frees_its_own_parts_only() {
    let _one = one_at_a_time();
    let (chain, space) = (AtomicChain::<u32>::new(), AddressSpace::new());
    let (mut registrations, mut subscriptions) = (Vec::new(), Vec::new());
    sleepable(|cx| {
        for _ in 0..1000 {
            registrations.push(chain.register_fn(|_, _| Answer::Continue, 0, cx));
            subscriptions.push(subscribe(&space, cx));
        }
    });
    drop((chain, space));
    while let (Some(registration), Some(subscription)) = (registrations.pop(), subscriptions.pop())
    {
        assert!(frees(|| non_block(|_nb| drop(registration))) <= OWN_PARTS);
        assert!(frees(|| non_block(|_nb| drop(subscription))) <= OWN_PARTS);
    }
}

#[test]
fn intervals_dropped_after_release_do_not_pile_up() {
    let _one = one_at_a_time();
    let space = AddressSpace::new();
    let mut subscriptions = Vec::new();
    sleepable(|cx| {
        for number in 0..1000 {
            subscriptions.push(subscribe_interval(&space, number, cx));
        }
        space.release(cx);
        space.synchronize(cx);
    });
    let with_all = allocated();
    non_block(|_nb| subscriptions.truncate(1));
    let with_one = allocated();
    let interval = 80; // bytes, less than one takes
    assert!(with_all - with_one > 999 * interval, "kept {with_one} of {with_all} bytes");
}

/// Returns how many bytes more are allocated after the closure was called this number of times.
fn growth(times: usize, mut f: impl FnMut(usize)) -> isize {
    let before = allocated();
    for number in 0..times {
        f(number);
    }
    allocated() - before
}

#[test]
fn subscriptions_beside_one_invalidation_keep_no_copies_of_the_list() {
    let _one = one_at_a_time();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let mut kept = Vec::with_capacity(8000);
        let _long = space.invalidate(page(0), Event::Clear, cx);
        let first = growth(1000, |_| kept.push(subscribe(&space, cx)));
        growth(4000, |_| kept.push(subscribe(&space, cx)));
        let sixth = growth(1000, |_| kept.push(subscribe(&space, cx)));
        // A list that doubles takes the memory of the doubling at once.
        assert!(sixth < 2 * first, "{first} bytes for the first thousand, {sixth} for the sixth");
    });
}

#[test]
fn subscriptions_that_come_and_go_beside_one_invalidation_keep_no_copies_of_the_list() {
    let _one = one_at_a_time();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let kept: Vec<_> = (0..4000).map(|_| subscribe(&space, cx)).collect();
        space.synchronize(cx);
        let _long = space.invalidate(page(0), Event::Clear, cx);
        // In three ways: by a drop, by an unsubscription that cannot wait, and as an interval.
        for (name, way) in [("drop", 0), ("unsubscribe", 1), ("interval", 2)] {
            let grown = growth(2000, |number| match way {
                0 => drop(subscribe(&space, cx)),
                1 => subscribe(&space, cx).unsubscribe(cx),
                _ => drop(subscribe_interval(&space, number, cx)),
            });
            assert!(grown < 2000 * 2048, "{name}: {} bytes a subscription", grown / 2000);
        }
        drop(kept);
    });
}

#[test]
fn registrations_beside_one_call_keep_no_copies_of_the_list() {
    let _one = one_at_a_time();
    let chain = Arc::new(BlockingChain::<u32>::new());
    let called = Arc::clone(&chain);
    let tested = Arc::new(AtomicBool::new(false));
    let was_tested = Arc::clone(&tested);
    let long = move |_: &u32, cx: &mut Sleepable| {
        if was_tested.swap(true, SeqCst) {
            return Answer::Continue;
        }
        let mut kept = Vec::with_capacity(8000);
        growth(4000, |_| kept.push(register(&called, cx)));
        let stays = growth(1000, |_| kept.push(register(&called, cx)));
        assert!(stays < 1000 * 1024, "{} bytes a registration", stays / 1000);
        let goes = growth(1000, |_| drop(register(&called, cx)));
        assert!(goes < 1000 * 1024, "{} bytes a registration that goes", goes / 1000);
        let ends = growth(1000, |_| register(&called, cx).unregister(cx));
        assert!(ends < 1000 * 1024, "{} bytes a registration that ends", ends / 1000);
        Answer::Continue
    };
    sleepable(|cx| {
        let registration = chain.register_fn(long, 0, cx);
        let _ = chain.call(&0, cx);
        assert!(tested.load(SeqCst));
        registration.unregister(cx);
    });
}

/// Two threads change the list while a third holds one invalidation open. Memory is linear in the changes meanwhile, and goes
/// back to what it was when the invalidation ends.
#[test]
fn a_soak_beside_one_long_invalidation_keeps_memory_bounded() {
    const CHANGES: usize = 10_000;
    const KEPT: usize = 2000;

    let _one = one_at_a_time();
    let space = AddressSpace::new();
    sleepable(|cx| {
        let kept: Vec<_> = (0..KEPT).map(|_| subscribe(&space, cx)).collect();
        space.synchronize(cx);
        let before = allocated();
        let opened = Barrier::new(3);
        let over = Barrier::new(3);
        native::scope(|scope| {
            for thread in 0..2 {
                let (space, opened, over) = (&space, &opened, &over);
                scope.spawn(move || {
                    opened.wait();
                    sleepable(|cx| {
                        for number in 0..CHANGES {
                            let (listed, interval) =
                                (subscribe(space, cx), subscribe_interval(space, number, cx));
                            if number % 2 == thread {
                                drop((listed, interval));
                            } else {
                                non_block(|_nb| drop((listed, interval)));
                            }
                        }
                    });
                    over.wait();
                });
            }
            let long = space.invalidate(page(0), Event::Clear, cx);
            opened.wait();
            over.wait();
            let grown = allocated() - before;
            let each = grown / (2 * CHANGES).cast_signed();
            assert!(each < 4096, "{each} bytes a change");
            drop(long);
        });
        space.synchronize(cx);
        let left = allocated() - before;
        assert!(left < 64 * 1024, "{left} bytes are left");
        drop(kept);
    });
}

/// A driver whose drop waits for a worker that ends another subscription, as a driver does that stops its worker.
struct Stops(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Drop for Stops {
    fn drop(&mut self) {
        if let Some(stop) = self.0.lock().unwrap().take() {
            stop();
        }
    }
}

impl Invalidate for Stops {
    fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

/// Returns the worker's end of its work, and what waits for it.
fn worker(work: impl FnOnce() + Send + 'static) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let (done, wait) = mpsc::channel();
        native::spawn(move || {
            work();
            done.send(()).unwrap();
        });
        wait.recv_timeout(Duration::from_secs(20)).expect("the worker waits for who waits for it");
    })
}

#[test]
fn a_driver_whose_drop_waits_for_a_worker_that_unsubscribes_does_not_hang() {
    let _one = one_at_a_time();
    let space = Arc::new(AddressSpace::new());
    sleepable(|cx| {
        for interval in [false, true] {
            let (workers, mapped) = (subscribe(&space, cx), subscribe_interval(&space, 1, cx));
            let workers_space = Arc::clone(&space);
            let stop = worker(move || {
                sleepable(|cx| {
                    if interval {
                        mapped.unsubscribe(cx);
                    } else {
                        workers.unsubscribe(cx);
                    }
                    workers_space.synchronize(cx);
                });
            });
            let driver = Arc::new(Stops(Mutex::new(Some(stop))));
            let subscription = space.subscribe(driver, cx).unwrap();
            subscription.unsubscribe(cx);
        }
    });
}

#[test]
fn a_callback_whose_drop_waits_for_a_worker_that_unregisters_does_not_hang() {
    let _one = one_at_a_time();
    let chain = AtomicChain::<u32>::new();
    sleepable(|cx| {
        let workers = chain.register_fn(|_, _| Answer::Continue, 0, cx);
        let stops = Stops(Mutex::new(Some(worker(|| sleepable(|cx| workers.unregister(cx))))));
        let callback = move |_: &u32, _: &mut NonBlock| {
            let _ = &stops;
            Answer::Continue
        };
        chain.register(Arc::new(callback), 0, cx).unwrap().unregister(cx);
    });
}

#[test]
fn a_value_whose_drop_waits_for_a_worker_that_synchronizes_does_not_hang() {
    let _one = one_at_a_time();
    let rcu = Arc::new(Rcu::new(None));
    let workers_rcu = Arc::clone(&rcu);
    let stop = worker(move || {
        sleepable(|cx| {
            workers_rcu.replace(cx, None);
            workers_rcu.synchronize(cx);
        });
    });
    sleepable(|cx| {
        rcu.replace(cx, Some(Stops(Mutex::new(Some(stop)))));
        rcu.replace(cx, None);
        rcu.synchronize(cx);
    });
}
