//! Waking the threads that wait, and no others.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use nonblock_tests::model::explore;

use crate::event_count::{EventCount, InLine, Look, Waiter};

/// Items, and threads that wait for them: a counter in place of the queue's ring.
struct Items {
    count: AtomicUsize,
    count_changed: EventCount,
}

impl Items {
    fn new() -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), count_changed: EventCount::new() })
    }

    fn put(&self) {
        self.count.fetch_add(1, Ordering::Release);
        self.count_changed.notify_one();
    }

    fn wait(&self) {
        let is_ready = || self.count.load(Ordering::Acquire) > 0;
        self.count_changed.wait(is_ready, || {
            let mut count = self.count.load(Ordering::Acquire);
            while count > 0 {
                match self.count.compare_exchange(
                    count,
                    count - 1,
                    Ordering::AcqRel,
                    Ordering::Acquire,
                ) {
                    Ok(_) => return Look::Found(()),
                    Err(now) => count = now,
                }
            }
            Look::Nothing
        });
    }
}

#[test]
fn who_waits_is_woken_for_an_item() {
    explore(4, || {
        let items = Items::new();
        let waiter = thread::spawn({
            let items = Arc::clone(&items);
            move || items.wait()
        });
        items.put();
        waiter.join().unwrap();
    });
}

#[test]
fn who_was_woken_can_wait_again() {
    explore(3, || {
        let items = Items::new();
        let waiter = thread::spawn({
            let items = Arc::clone(&items);
            move || {
                items.wait();
                items.wait();
            }
        });
        items.put();
        items.put();
        waiter.join().unwrap();
    });
}

#[test]
fn a_wake_for_who_found_an_item_already_is_passed_on() {
    explore(2, || {
        let items = Items::new();
        let waiters = [(); 2].map(|()| {
            let items = Arc::clone(&items);
            thread::spawn(move || items.wait())
        });
        items.put();
        items.put();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn two_notifiers_wake_two() {
    explore(2, || {
        let items = Items::new();
        let ringer = thread::spawn({
            let items = Arc::clone(&items);
            move || items.put()
        });
        let waiter = thread::spawn({
            let items = Arc::clone(&items);
            move || items.wait()
        });
        items.put();
        items.wait();
        ringer.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn all_are_woken_for_the_end() {
    explore(2, || {
        let items = Items::new();
        let waiters = [(); 2].map(|()| {
            let items = Arc::clone(&items);
            thread::spawn(move || {
                items.count_changed.wait_while_not(|| items.count.load(Ordering::Acquire) > 0);
            })
        });
        items.count.store(1, Ordering::Release);
        items.count_changed.notify_all();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// A thread that gives something back and wants it again gets behind the one that waits, also if that was woken already.
#[test]
fn whoever_comes_again_waits_behind_those_in_line() {
    explore(3, || {
        let items = Items::new();
        let pair = thread::spawn({
            let items = Arc::clone(&items);
            move || {
                items.wait();
                items.put();
                items.wait();
                items.put();
            }
        });
        items.put();
        items.wait();
        items.put();
        pair.join().unwrap();
    });
}

#[test]
fn the_line_stays_whole_whoever_leaves_it() {
    explore(1, || {
        let event_count = EventCount::new();
        for leaves in 0..4 {
            let waiters = [(); 4].map(|()| Waiter::new());
            let mut in_line: Vec<_> =
                waiters.iter().map(|waiter| InLine::join(&event_count, waiter)).collect();
            assert!(!in_line.remove(leaves).leave());
            assert_eq!(event_count.waiting(), 3);
            event_count.notify_one();
            event_count.notify_one();
            assert_eq!(event_count.waiting(), 1);
            // Those that came first were woken. The last leaves first.
            let woken: Vec<_> = in_line.into_iter().rev().map(InLine::leave).collect();
            assert_eq!(woken, [false, true, true]);
            assert!(!event_count.has_line());
            assert_eq!(event_count.waiting(), 0);
        }
        let waiters = [(); 3].map(|()| Waiter::new());
        let in_line: Vec<_> =
            waiters.iter().map(|waiter| InLine::join(&event_count, waiter)).collect();
        event_count.notify_all();
        assert!(in_line.into_iter().map(InLine::leave).all(|was_woken| was_woken));
        assert!(!event_count.has_line());
    });
}
