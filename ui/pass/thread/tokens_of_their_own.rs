//! Every thread is lent a token of its own, and shares locks, not tokens.
#![deny(warnings)]

use nonblock::{
    sleepable,
    sync::{Mutex, SpinLock},
    thread,
};

fn main() {
    let (total, hits) = (Mutex::new(0), SpinLock::new(0));
    sleepable(|cx| {
        let sum = thread::scope(cx, |scope, cx| {
            let worker = scope.spawn(|cx| {
                *total.lock(cx) += 1;
                hits.with(cx, |hits, _nb| *hits += 1);
                2
            });
            *total.lock(cx) += 1;
            cx.non_block(|nb| *hits.lock(nb) += 1);
            worker.join(cx).unwrap()
        });
        assert_eq!(sum, 2);
        let worker = thread::spawn(|cx| cx.non_block(|_nb| 3));
        assert_eq!(worker.join(cx).unwrap(), 3);
    });
    assert_eq!((total.into_inner(), hits.into_inner()), (2, 2));
}
