//! Law 2: the threads of a scope are waited for at its end, and that takes the right to sleep.

use nonblock::thread;

fn map_all() {
    thread::scope(|_scope| ());
}

fn main() {}
