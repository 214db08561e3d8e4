//! The raw lock that spins serves a spin lock, in a static too.
#![deny(warnings)]

use nonblock::{
    sleepable,
    sync::{RawSpin, SpinLock},
};

static HITS: SpinLock<u32, RawSpin> = SpinLock::with_raw(2);

fn main() {
    sleepable(|cx| assert_eq!(HITS.with(cx, |hits, _nb| *hits + 1), 3));
}
