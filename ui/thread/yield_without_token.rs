//! Law 2: giving the processor away takes the right to sleep.

use nonblock::thread;

fn wait() {
    thread::yield_now();
}

fn main() {}
