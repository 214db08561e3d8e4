//! Law 2: waiting for a completion takes the right to sleep.

use nonblock::sync::Completion;

fn fence(done: &Completion) {
    done.wait();
}

fn main() {}
