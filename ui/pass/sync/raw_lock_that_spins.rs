//! A raw lock of another crate's serves a mutex and a spin lock.
#![deny(warnings)]

use nonblock::{
    sleepable,
    sync::{Mutex, RawSpin, SpinLock},
};

fn main() {
    let table = Mutex::<_, RawSpin>::with_raw(1);
    let hits = SpinLock::<_, RawSpin>::with_raw(2);
    sleepable(|cx| {
        let table = table.lock(cx);
        assert_eq!(hits.with(cx, |hits, _nb| *hits + *table), 3);
    });
}
