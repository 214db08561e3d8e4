//! A push is for sections: who may sleep opens one, or waits for room with `push_from`.

use nonblock::Sleepable;
use nonblock::work::{Full, Queue};

fn invalidate(flushes: &Queue<u64>, page: u64, cx: &mut Sleepable) -> Result<(), Full<u64>> {
    flushes.push(cx, page)
}

fn main() {}
