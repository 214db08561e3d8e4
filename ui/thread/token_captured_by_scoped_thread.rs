//! Law 1: a scoped thread may borrow much, but no token.

use nonblock::{Sleepable, thread};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    thread::scope(cx, |scope, cx| {
        scope.spawn(|_| flush(cx));
    });
}

fn main() {}
