//! Law 1: a token cannot be captured by another thread; it is lent one of its own.

use nonblock::{Sleepable, thread};

fn flush(_cx: &mut Sleepable) {}

fn start(cx: &mut Sleepable) {
    thread::spawn(|_| flush(cx));
}

fn main() {}
