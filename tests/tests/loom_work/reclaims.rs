//! A value is dropped once, after its last pointer and everything that was done with it, and by whoever may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use loom::thread;
use nonblock_tests::model::explore;

use crate::reclaim::{Collector, Handle, Shared, Worker};
use crate::token::lend_sleepable;

/// Reported by the checker if its drop does not come after every use. Counts its drops where the checker does not see it.
struct Value {
    cell: UnsafeCell<usize>,
    dropped: Arc<AtomicUsize>,
}

// SAFETY: the checker looks at who uses the cell.
unsafe impl Send for Value {}

// SAFETY: as above.
unsafe impl Sync for Value {}

impl Value {
    fn shared(handle: &Handle, dropped: &Arc<AtomicUsize>) -> Shared<Self> {
        let cell = UnsafeCell::new(0);
        Shared::new(handle, Self { cell, dropped: Arc::clone(dropped) })
    }

    fn look(&self) {
        self.cell.with(|_| ());
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.cell.with_mut(|_| ());
        self.dropped.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_value_is_dropped_once_and_after_every_look() {
    explore(3, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let mine = Value::shared(&collector.handle(), &dropped);
        let other = Shared::clone(&mine);
        let looking = thread::spawn(move || {
            other.look();
            // The first of them goes while another is made.
            drop(Shared::clone(&other));
            drop(other);
        });
        mine.look();
        drop(mine);
        let early = collector.collect(&mut lend_sleepable());
        looking.join().unwrap();
        let late = collector.collect(&mut lend_sleepable());
        assert_eq!((early + late, dropped.load(Relaxed)), (1, 1));
    });
}

#[test]
fn whoever_is_alone_has_it_exclusively() {
    explore(3, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let mut mine = Value::shared(&collector.handle(), &dropped);
        let other = Shared::clone(&mine);
        let looking = thread::spawn(move || other.look());
        while Shared::get_mut(&mut mine).is_none() {
            thread::yield_now();
        }
        Shared::get_mut(&mut mine).unwrap().cell.with_mut(|_| ());
        looking.join().unwrap();
    });
}

#[test]
fn what_dies_at_once_is_collected_once() {
    explore(3, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let [mine, other, third] = [(); 3].map(|()| Value::shared(&collector.handle(), &dropped));
        let dropping = thread::spawn(move || {
            drop(other);
            drop(third);
        });
        drop(mine);
        let early = collector.collect(&mut lend_sleepable());
        dropping.join().unwrap();
        let late = collector.collect(&mut lend_sleepable());
        assert_eq!((early + late, dropped.load(Relaxed)), (3, 3));
        assert!(early >= 1);
    });
}

/// The collector goes while the last pointers do.
#[test]
fn nothing_is_lost_when_the_collector_goes() {
    explore(3, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let dropping = [(); 2].map(|()| {
            let value = Value::shared(&collector.handle(), &dropped);
            thread::spawn(move || {
                value.look();
                drop(value);
            })
        });
        drop(collector);
        dropping.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(dropped.load(Relaxed), 2);
    });
}

/// Each is in the list or drained by the time that both threads have ended.
#[test]
fn without_a_collector_one_of_those_who_drop_drains() {
    explore(3, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let [mine, other] = [(); 2].map(|()| Value::shared(&collector.handle(), &dropped));
        drop(collector);
        let dropping = thread::spawn(move || drop(other));
        drop(mine);
        dropping.join().unwrap();
        assert_eq!(dropped.load(Relaxed), 2);
    });
}

#[test]
fn a_worker_sleeps_through_no_value() {
    explore(2, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let [mine, other] = [(); 2].map(|()| Value::shared(&collector.handle(), &dropped));
        let (worker, run) = Worker::of(collector);
        let collecting = thread::spawn(run);
        let dropping = thread::spawn(move || drop(other));
        drop(mine);
        dropping.join().unwrap();
        // It is told to end by what counts as an event too. Both values come before.
        worker.stop();
        assert_eq!(collecting.join().unwrap(), 2);
        assert_eq!(dropped.load(Relaxed), 2);
    });
}

/// Nobody tells the worker to end: it waits for each value, and would wait for ever if one did not wake it.
#[test]
fn the_first_of_those_that_die_wakes_the_worker() {
    explore(2, || {
        let (collector, dropped) = (Collector::new(), Arc::default());
        let [mine, other] = [(); 2].map(|()| Value::shared(&collector.handle(), &dropped));
        let (_worker, run) = Worker::until(collector, 2);
        let collecting = thread::spawn(run);
        let dropping = thread::spawn(move || drop(other));
        drop(mine);
        dropping.join().unwrap();
        assert_eq!(collecting.join().unwrap(), 2);
        assert_eq!(dropped.load(Relaxed), 2);
    });
}
