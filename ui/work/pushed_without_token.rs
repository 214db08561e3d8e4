//! A push is for sections: it takes the proof of one.

use nonblock::work::{Full, Queue};

fn invalidate(flushes: &Queue<u64>, page: u64) -> Result<(), Full<u64>> {
    flushes.push(page)
}

fn main() {}
