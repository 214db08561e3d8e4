//! A token is lent on from call to call.
#![deny(warnings)]

use nonblock::{NonBlock, Sleepable, sleepable};

fn flush_all(cx: &mut Sleepable) -> u32 {
    flush(cx) + flush(cx)
}

fn flush(_cx: &mut Sleepable) -> u32 {
    1
}

fn count_all(nb: &mut NonBlock) -> u32 {
    count(nb) + count(nb)
}

fn count(_nb: &NonBlock) -> u32 {
    1
}

fn main() {
    let sum = sleepable(|cx| flush_all(cx) + cx.non_block(count_all) + flush_all(cx));
    assert_eq!(sum, 6);
}
