//! Law 2: draining waits for pushes that are under way, and allocates: it takes the right to sleep.

use nonblock::work::Queue;

fn rest(pages: &Queue<u64>) -> Vec<u64> {
    pages.drain()
}

fn main() {}
