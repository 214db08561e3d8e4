//! A raw lock of another crate's serves both kinds.
#![deny(warnings)]

use nonblock::{
    sleepable,
    sync::{Lock, RawSpin, Sleeping, Spinning},
};

fn main() {
    let (table, hits) =
        (Lock::<Sleeping, _, RawSpin>::new(1), Lock::<Spinning, _, RawSpin>::new(2));
    sleepable(|cx| {
        let table = table.lock(cx);
        assert_eq!(hits.with(cx, |hits, _nb| *hits + *table), 3);
    });
}
