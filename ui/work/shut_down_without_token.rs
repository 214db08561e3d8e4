//! Law 2: what may sleep takes the token.

use nonblock::work::Queue;

fn unload(flushes: &Queue<u64>) {
    flushes.shutdown();
}

fn main() {}
