//! What the channels promise sections: nothing is allocated or released while a channel is locked, so nobody who sends,
//! receives or looks can wait for memory by way of it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nonblock::Sleepable;
use nonblock::sync::channel::{self, Receiver, Sender};
use nonblock::{sleepable, thread};

thread_local! {
    /// Whether this thread's allocations are held up until the other has looked at the channel.
    static HELD_UP: Cell<bool> = const { Cell::new(false) };
}

/// How many allocations have asked for a look, and how many looks have been taken.
static ASKED: AtomicUsize = AtomicUsize::new(0);
static LOOKED: AtomicUsize = AtomicUsize::new(0);
/// How many looks did not come in time: the channel was locked.
static LOCKED: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which does nothing for a thread under test until another has used its channel.
struct Watching;

fn wait_for_a_look() {
    if !HELD_UP.get() {
        return;
    }
    let asked = ASKED.fetch_add(1, SeqCst) + 1;
    let since = Instant::now();
    while LOOKED.load(SeqCst) < asked {
        if since.elapsed() > Duration::from_secs(2) {
            LOCKED.fetch_add(1, SeqCst);
            HELD_UP.set(false);
            return;
        }
        std::thread::yield_now();
    }
}

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        wait_for_a_look();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        wait_for_a_look();
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        wait_for_a_look();
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// One test at a time: they share the counts.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    ASKED.store(0, SeqCst);
    LOOKED.store(0, SeqCst);
    LOCKED.store(0, SeqCst);
    alone
}

/// Runs the closure, with every allocation of its thread's held up for a look. Returns how many there were, and how many
/// of the looks had to wait.
fn held_up(look: impl Fn() + Send + Sync, f: impl FnOnce(&mut Sleepable) + Send) -> (usize, usize) {
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let worker = scope.spawn(|cx| {
                HELD_UP.set(true);
                f(cx);
                HELD_UP.set(false);
            });
            while !worker.is_finished() {
                if LOOKED.load(SeqCst) < ASKED.load(SeqCst) {
                    look();
                    LOOKED.fetch_add(1, SeqCst);
                }
                thread::yield_now(cx);
            }
            worker.join(cx).unwrap();
        });
    });
    (ASKED.load(SeqCst), LOCKED.load(SeqCst))
}

/// Without this the tests below could show nothing.
#[test]
fn an_allocation_with_a_lock_held_is_found() {
    let _alone = alone();
    let values = Mutex::new(Vec::new());
    let look = || drop(values.lock().unwrap());
    let (allocations, locked) = held_up(look, |_cx| values.lock().unwrap().push(Box::new(1)));
    assert!(allocations > 0);
    assert_eq!(locked, 1);
}

/// Sends, receives, is refused, waits and drops, with boxes as values. Only the owner of a box allocates or releases it.
fn use_all(sender: &Sender<Box<u32>>, receiver: &Receiver<Box<u32>>, cx: &mut Sleepable) {
    sender.send(cx, Box::new(1)).unwrap();
    sender.try_send(Box::new(2)).unwrap();
    // Refused by a bounded one.
    drop(sender.try_send(Box::new(3)));
    drop(sender.send_timeout(cx, Box::new(4), Duration::from_millis(1)));
    while let Ok(value) = receiver.try_recv() {
        drop(value);
    }
    assert!(receiver.recv_timeout(cx, Duration::from_millis(1)).is_err());
    let another = (sender.clone(), receiver.clone());
    another.0.send(cx, Box::new(5)).unwrap();
    drop(another.1.recv(cx).unwrap());
    drop(another);
}

#[test]
fn nothing_is_allocated_or_released_while_a_channel_is_locked() {
    for channel in [channel::bounded(2), channel::unbounded()] {
        let _alone = alone();
        let (sender, receiver) = channel;
        let look = || {
            // Each takes the channel's lock, as a section's `try_send` would.
            sender.len();
            receiver.is_empty();
        };
        let (allocations, locked) = held_up(look, |cx| use_all(&sender, &receiver, cx));
        assert!(allocations >= 10, "{allocations}");
        assert_eq!(locked, 0, "of {allocations}");
    }
}

/// What is left when the last receiver goes is released after the channel was unlocked.
#[test]
fn what_is_left_is_released_when_the_channel_is_not_locked() {
    for (sender, receiver) in [channel::bounded(8), channel::unbounded()] {
        let _alone = alone();
        for value in 0..8 {
            sender.try_send(Box::new(value)).unwrap();
        }
        let look = || assert!(sender.len() <= 8);
        let (releases, locked) = held_up(look, |_cx| drop(receiver));
        assert!(releases >= 8, "{releases}");
        assert_eq!(locked, 0, "of {releases}");
    }
}

/// Waiting for a value or for room allocates nothing with the channel locked either, however many wait.
#[test]
fn more_waiters_than_ever_allocate_nothing_while_a_channel_is_locked() {
    let _alone = alone();
    let (sender, receiver) = channel::bounded::<u32>(1);
    let look = || assert!(sender.len() <= 1);
    let (_, locked) = held_up(look, |cx| {
        thread::scope(cx, |scope, cx| {
            let receiver = &receiver;
            let waiting = [(); 12].map(|()| {
                scope.spawn(move |cx| {
                    HELD_UP.set(true);
                    let value = receiver.recv(cx);
                    HELD_UP.set(false);
                    value.unwrap()
                })
            });
            thread::sleep(cx, Duration::from_millis(50));
            for value in 0..12 {
                sender.send(cx, value).unwrap();
            }
            let sum: u32 = waiting.into_iter().map(|thread| thread.join(cx).unwrap()).sum();
            assert_eq!(sum, 66);
        });
    });
    assert_eq!(locked, 0);
}
