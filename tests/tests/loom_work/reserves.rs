//! An object is taken by one at a time, and none is lost.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use nonblock_tests::model::explore;

use crate::reserve::Reserve;
use crate::token::{lend_non_block, lend_sleepable};
use crate::{Context, WouldBlock};

/// Reported by the checker if two have it at once.
struct Object(UnsafeCell<usize>);

// SAFETY: it is a number.
unsafe impl Send for Object {}

impl Object {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    fn touch(&self) -> usize {
        self.0.with_mut(|count| {
            // SAFETY: the checker looks that nobody else has it.
            let count = unsafe { &mut *count };
            *count += 1;
            *count
        })
    }
}

fn reserve(objects: usize) -> Arc<Reserve<Object>> {
    Arc::new(Reserve::with_capacity(objects, Object::new))
}

#[test]
fn an_object_is_one_holders_at_a_time() {
    explore(3, || {
        let reserve = reserve(1);
        let other = thread::spawn({
            let reserve = Arc::clone(&reserve);
            move || reserve.take().map_or(0, |object| usize::from(object.touch() > 0))
        });
        let mine = reserve.take().map_or(0, |object| usize::from(object.touch() > 0));
        let taken = other.join().unwrap() + mine;
        let object = reserve.take().expect("it was given back");
        assert_eq!(object.touch(), taken + 1);
        assert!(taken >= 1, "whoever comes first gets it");
    });
}

#[test]
fn who_waits_gets_what_is_given_back() {
    explore(3, || {
        let reserve = reserve(1);
        let taken = reserve.take().unwrap();
        let waiting = thread::spawn({
            let reserve = Arc::clone(&reserve);
            move || {
                let Ok(object) = reserve.take_from(&mut lend_sleepable());
                object.touch()
            }
        });
        let section = reserve.take_from(&mut lend_non_block()).map(drop);
        assert_eq!(section, Err(WouldBlock));
        assert_eq!(taken.touch(), 1);
        drop(taken);
        assert_eq!(waiting.join().unwrap(), 2);
        assert_eq!(reserve.free(), 1);
    });
}

#[test]
fn two_who_wait_share_one_object_in_turn() {
    explore(1, || {
        let reserve = reserve(1);
        let waiting = [(); 2].map(|()| {
            let reserve = Arc::clone(&reserve);
            thread::spawn(move || {
                let Ok(object) = reserve.take_from(&mut lend_sleepable());
                object.touch()
            })
        });
        let Ok(object) = reserve.take_from(&mut lend_sleepable());
        let mine = object.touch();
        drop(object);
        let others = waiting.map(|waiter| waiter.join().unwrap());
        assert_eq!(mine + others[0] + others[1], 1 + 2 + 3);
    });
}

/// Two refill at once: each object that is missing is made anew once, and who waits gets one.
#[test]
fn what_is_missing_is_made_anew_once() {
    explore(2, || {
        let reserve = reserve(1);
        drop(reserve.take().unwrap().into_inner());
        let waiting = thread::spawn({
            let reserve = Arc::clone(&reserve);
            move || {
                let Ok(object) = reserve.take_from(&mut lend_sleepable());
                object.touch()
            }
        });
        let refilling = thread::spawn({
            let reserve = Arc::clone(&reserve);
            move || reserve.refill(&mut lend_sleepable())
        });
        let mine = reserve.refill(&mut lend_sleepable());
        assert_eq!(mine + refilling.join().unwrap(), 1);
        assert_eq!(waiting.join().unwrap(), 1);
        assert_eq!(reserve.free(), 1);
    });
}
