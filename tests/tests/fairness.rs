//! Whoever waits gets its turn: first come, first woken, in every list of waiting threads.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::{Completion, Mutex, RwLock, Semaphore, channel};
use nonblock::work::Queue;
use nonblock::{Reserve, Sleepable, sleepable};

/// How many threads wait beside the busy pair.
const WAITERS: usize = 4;

/// How many hand-overs each waiter may see go to others, where waiters are served in turn: those ahead of it, and as many again
/// for the time between a thread's decision to wait and its place in line.
const IN_TURN: usize = 2 * (WAITERS + 2);

/// The same for locks, where a thread that comes may take a free lock ahead of one that waits, until that one is overdue.
const IN_THE_END: usize = 200;

/// One thing is handed from thread to thread: `take` waits for it, and gives it back when the closure has run.
///
/// A busy pair takes it over and over. Meanwhile each of the waiters wants it once, and is served within a bounded number of
/// hand-overs.
#[track_caller]
fn everyone_is_served(
    name: &str,
    within: usize,
    take: &(dyn Fn(&mut Sleepable, &mut dyn FnMut()) + Sync),
) {
    let (hand_overs, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let waited = StdMutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                sleepable(|cx| {
                    while !done.load(Ordering::Relaxed) {
                        take(cx, &mut || {
                            hand_overs.fetch_add(1, Ordering::Relaxed);
                            // Long enough for the others to get in line.
                            std::thread::sleep(Duration::from_micros(50));
                        });
                    }
                });
            });
        }
        while hand_overs.load(Ordering::Relaxed) < 10 {
            assert!(start.elapsed() < Duration::from_secs(30), "{name}: the pair does not start");
            std::thread::yield_now();
        }
        let waiters: Vec<_> = (0..WAITERS)
            .map(|_| {
                scope.spawn(|| {
                    let before = hand_overs.load(Ordering::Relaxed);
                    sleepable(|cx| {
                        take(cx, &mut || {
                            let seen = hand_overs.load(Ordering::Relaxed) - before;
                            waited.lock().unwrap().push(seen);
                        });
                    });
                })
            })
            .collect();
        while !waiters.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            if start.elapsed() > Duration::from_secs(30) {
                eprintln!("{name}: served {:?}", waited.lock().unwrap());
                std::process::abort();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        done.store(true, Ordering::Relaxed);
    });
    let waited = waited.into_inner().unwrap();
    assert_eq!(waited.len(), WAITERS);
    assert!(waited.iter().all(|seen| *seen <= within), "{name}: {waited:?}, not {within}");
}

#[test]
fn those_who_wait_for_an_object_of_a_reserve_are_served() {
    let reserve = Reserve::with_capacity(1, || 0);
    everyone_is_served("Reserve::take_from", IN_TURN, &|cx, f| {
        let Ok(taken) = reserve.take_from(cx);
        f();
        drop(taken);
    });
}

#[test]
fn those_who_wait_for_an_item_of_a_queue_are_served() {
    let queue = Queue::with_capacity(1);
    nonblock::non_block(|nb| queue.push(nb, 0)).unwrap();
    everyone_is_served("Queue::pop", IN_TURN, &|cx, f| {
        let item = queue.pop(cx).expect("it is open");
        f();
        queue.push_from(cx, item).expect("there is room");
    });
}

#[test]
fn those_who_wait_for_room_in_a_queue_are_served() {
    let queue = Queue::with_capacity(1);
    everyone_is_served("Queue::push_from", IN_TURN, &|cx, f| {
        queue.push_from(cx, 0).expect("it is open");
        f();
        assert!(queue.try_pop().is_some());
    });
}

#[test]
fn those_who_wait_for_a_semaphore_are_served() {
    let semaphore = Semaphore::new(1);
    everyone_is_served("Semaphore::acquire", IN_TURN, &|cx, f| {
        let Ok(permit) = semaphore.acquire(cx);
        f();
        drop(permit);
    });
}

#[test]
fn those_who_wait_for_a_completion_are_served() {
    let completion = Completion::new();
    completion.complete();
    everyone_is_served("Completion::wait", IN_TURN, &|cx, f| {
        completion.wait(cx);
        f();
        completion.complete();
    });
}

#[test]
fn those_who_wait_for_a_value_of_a_channel_are_served() {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(0).unwrap();
    everyone_is_served("Receiver::recv", IN_TURN, &|cx, f| {
        let value = receiver.recv(cx).expect("the sender is there");
        f();
        sender.send(cx, value).expect("the receiver is there");
    });
}

#[test]
fn those_who_wait_for_room_in_a_channel_are_served() {
    let (sender, receiver) = channel::bounded(1);
    everyone_is_served("Sender::send", IN_TURN, &|cx, f| {
        sender.send(cx, 0).expect("the receiver is there");
        f();
        assert!(receiver.try_recv().is_ok());
    });
}

#[test]
fn those_who_wait_for_a_mutex_are_served() {
    let mutex = Mutex::new(0);
    everyone_is_served("Mutex::lock", IN_THE_END, &|cx, f| {
        let held = mutex.lock(cx);
        f();
        drop(held);
    });
}

#[test]
fn those_who_wait_for_a_read_write_lock_are_served() {
    let lock = RwLock::new(0);
    everyone_is_served("RwLock::write", IN_THE_END, &|cx, f| {
        let held = lock.write(cx);
        f();
        drop(held);
    });
}
