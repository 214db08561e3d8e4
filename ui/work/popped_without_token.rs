//! Law 2: waiting for an item takes the right to sleep.

use nonblock::work::Queue;

fn next(pages: &Queue<u64>) -> Option<u64> {
    pages.pop()
}

fn main() {}
