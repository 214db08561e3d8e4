//! Law 2: waiting for other threads takes the right to sleep.

use nonblock::sync::Barrier;

fn meet(barrier: &Barrier) {
    barrier.wait();
}

fn main() {}
