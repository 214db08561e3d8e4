//! In a section, queues, rings and reserves neither allocate nor release memory. A counting allocator shows it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nonblock::work::{Full, Queue, ring};
use nonblock::{Reserve, sleepable, thread};

thread_local! {
    /// How often this thread allocated or released.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts by thread.
struct Counting;

fn count() {
    CALLS.with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often the closure allocated or released.
fn calls(f: impl FnOnce()) -> usize {
    let before = CALLS.get();
    f();
    CALLS.get() - before
}

#[test]
fn the_allocator_counts() {
    assert_eq!(calls(|| drop(std::hint::black_box(Box::new(5)))), 2);
    assert_eq!(calls(|| ()), 0);
}

#[test]
fn a_push_does_not_allocate() {
    let queue = Queue::with_capacity(4);
    let items = [(); 6].map(|()| Box::new(1));
    let mut refused = Vec::with_capacity(2);
    // The first on this thread too.
    let calls = calls(|| {
        nonblock::raw::non_block(|nb| {
            for item in items {
                if let Err(Full(item)) = queue.push(nb, item) {
                    refused.push(item);
                }
            }
        });
    });
    assert_eq!((calls, refused.len(), queue.len()), (0, 2, 4));
}

#[test]
fn the_ends_of_a_ring_do_not_allocate() {
    let (mut producer, mut consumer) = ring(4);
    let (items, more) = ([(); 6].map(|()| Box::new(1)), [(); 4].map(|()| Box::new(2)));
    let mut back = Vec::with_capacity(10);
    let calls = calls(|| {
        nonblock::raw::non_block(|_nb| {
            for item in items {
                if let Err(Full(item)) = producer.push(item) {
                    back.push(item);
                }
            }
            back.extend(consumer.pop());
            assert_eq!(producer.push_iter(more.into_iter().by_ref().take(1)), 1);
            assert!(consumer.peek().is_some() && producer.is_full());
            back.extend(consumer.read_chunk(4));
        });
    });
    // The three that were not pushed are released by the array's drop.
    assert_eq!((calls, back.len(), consumer.len()), (3, 2 + 1 + 4, 0));

    let (mut producer, mut consumer) = ring(100);
    let calls = self::calls(|| {
        let mut popped = [0.0_f32; 64];
        for _ in 0..10 {
            assert_eq!(producer.push_slice(&[0.5; 64]), 64);
            assert_eq!(producer.write_chunk(10).commit_all(), 10);
            assert_eq!(consumer.pop_slice(&mut popped), 64);
            assert_eq!(consumer.read_chunk(10).commit_all(), 10);
        }
        drop(producer);
    });
    assert_eq!(calls, 0);
    assert!(consumer.is_abandoned());
}

#[test]
fn a_push_that_wakes_a_worker_does_not_allocate() {
    let queue = Queue::with_capacity(4);
    let handled = Arc::new(AtomicUsize::new(0));
    queue
        .worker("sleeper", {
            let handled = Arc::clone(&handled);
            move |(), _cx| {
                handled.fetch_add(1, Ordering::Relaxed);
            }
        })
        .expect("a thread starts");
    let mut all = 0;
    for round in 1..=50 {
        // The worker has gone to sleep by then, mostly.
        std::thread::sleep(Duration::from_micros(300));
        all += calls(|| nonblock::raw::non_block(|nb| queue.push(nb, ()).expect("there is room")));
        let deadline = Instant::now() + Duration::from_secs(30);
        while handled.load(Ordering::Relaxed) < round {
            assert!(Instant::now() < deadline, "the worker was not woken");
            std::thread::yield_now();
        }
    }
    assert_eq!(all, 0);
    sleepable(|cx| queue.shutdown(cx));
}

#[test]
fn a_push_that_wakes_a_thread_which_ends_at_once_does_not_release() {
    let mut all = 0;
    for _ in 0..50 {
        let queue = Queue::with_capacity(1);
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                // Its handle's last owner may be the queue, never the pusher.
                scope.spawn(|cx| assert_eq!(queue.pop(cx), Some(())));
                thread::sleep(cx, Duration::from_micros(300));
                all += calls(|| cx.non_block(|nb| queue.push(nb, ()).expect("there is room")));
            });
        });
    }
    assert_eq!(all, 0);
}

#[test]
fn closing_does_not_allocate() {
    let queue = Queue::<u8>::with_capacity(1);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waits = scope.spawn(|cx| queue.pop(cx));
            thread::sleep(cx, Duration::from_millis(5));
            assert_eq!(calls(|| cx.non_block(|_nb| queue.close())), 0);
            assert_eq!(waits.join(cx).unwrap(), None);
        });
    });
}

#[test]
fn to_take_and_to_give_back_does_not_allocate() {
    let reserve = Reserve::with_capacity(2, || Box::new([0_u8; 4096]));
    let mut kept = None;
    let calls = calls(|| {
        nonblock::raw::non_block(|nb| {
            let (a, b) = (reserve.take(), reserve.take_from(nb));
            assert!(a.is_some() && b.is_ok() && reserve.take().is_none());
            drop((a, b));
            kept = reserve.take().map(nonblock::Reserved::into_inner);
        });
    });
    assert_eq!((calls, reserve.free(), kept.is_some()), (0, 1, true));
}

#[test]
fn to_give_back_to_one_who_waits_does_not_allocate() {
    let reserve = Reserve::with_capacity(1, || Box::new(5));
    let mut all = 0;
    for _ in 0..20 {
        let held = reserve.take().expect("it is free");
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                let waits = scope.spawn(|cx| {
                    let Ok(object) = reserve.take_from(cx);
                    **object
                });
                thread::sleep(cx, Duration::from_micros(500));
                all += calls(|| cx.non_block(|_nb| drop(held)));
                assert_eq!(waits.join(cx).unwrap(), 5);
            });
        });
    }
    assert_eq!(all, 0);
}
