//! Law 3: a section borrows the token that it was opened by.

use nonblock::Sleepable;
use nonblock::work::Queue;

fn next(flushes: &Queue<u64>, cx: &mut Sleepable) -> Option<u64> {
    cx.non_block(|_nb| flushes.pop(cx))
}

fn main() {}
