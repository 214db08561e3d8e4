//! A refused item is the pusher's again: it must be looked at.
#![deny(unused_must_use)]

use nonblock::NonBlock;
use nonblock::work::Queue;

fn invalidate(flushes: &Queue<u64>, page: u64, nb: &NonBlock) {
    flushes.push(nb, page);
}

fn main() {}
