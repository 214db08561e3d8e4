//! Law 2: what may sleep takes the token.

use nonblock::work::Queue;

fn settle(flushes: &Queue<u64>) {
    flushes.flush();
}

fn main() {}
