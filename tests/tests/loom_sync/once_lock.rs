//! A value is made once. Every thread that finds it sees all of it, and no thread waits for ever.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU32, Ordering};
use nonblock_tests::model::explore;

use crate::sync::OnceLock;
use crate::token::lend_sleepable;
use crate::{non_block, spawn};

type Shared = (OnceLock<u32>, AtomicU32);

fn shared() -> Arc<Shared> {
    Arc::new((OnceLock::new(), AtomicU32::new(0)))
}

#[test]
fn a_value_is_made_once_by_whoever_comes_first() {
    explore(3, || {
        let shared = shared();
        let make = |(once, made): &Shared, cx: &mut crate::Sleepable, value| {
            *once.get_or_init(cx, |_cx| {
                assert_eq!(made.fetch_add(1, Ordering::Relaxed), 0);
                value
            })
        };
        let others = [1, 2].map(|value| spawn(&shared, move |shared, cx| make(shared, cx, value)));
        let mine = make(&shared, &mut lend_sleepable(), 3);
        let found = others.map(|other| other.join().unwrap());
        assert_eq!(found, [mine; 2]);
    });
}

#[test]
fn who_waits_is_woken_by_a_section_that_sets_it() {
    explore(5, || {
        let shared = shared();
        let waiter = spawn(&shared, |(once, _), cx| *once.wait(cx));
        let cx = &mut lend_sleepable();
        assert_eq!(non_block(cx, |_nb| shared.0.try_set(5)), Ok(()));
        assert_eq!(waiter.join().unwrap(), 5);
    });
}

/// While one makes the value, a section that would set it is refused, and a thread waits.
#[test]
fn one_of_those_that_set_it_does() {
    explore(3, || {
        let shared = shared();
        let others = [
            spawn(&shared, |(once, _), cx| once.set(cx, 1).is_ok()),
            spawn(&shared, |(once, _), cx| {
                let mut mine = false;
                once.get_or_init(cx, |_cx| {
                    mine = true;
                    2
                });
                mine
            }),
        ];
        let cx = &mut lend_sleepable();
        let tried = non_block(cx, |_nb| shared.0.try_set(3).is_ok());
        let set = [tried].into_iter().chain(others.map(|other| other.join().unwrap()));
        assert_eq!(set.filter(|set| *set).count(), 1);
        assert!(shared.0.get().is_some());
    });
}
