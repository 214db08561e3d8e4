//! Law 2: a push takes the proof of a section.

use nonblock::work::{Full, Queue};

fn invalidate(flushes: &Queue<u64>, page: u64) -> Result<(), Full<u64>> {
    flushes.push(page)
}

fn main() {}
