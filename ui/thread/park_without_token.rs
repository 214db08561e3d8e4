//! Law 2: parking takes the right to sleep.

use nonblock::thread;

fn wait() {
    thread::park();
}

fn main() {}
