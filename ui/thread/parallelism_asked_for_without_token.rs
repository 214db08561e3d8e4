//! Law 2: what reads files takes the right to sleep.

use nonblock::thread;

fn shards() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn main() {}
