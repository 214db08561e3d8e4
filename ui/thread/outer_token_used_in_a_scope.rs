//! Law 1: a scope borrows its token, and lends its closure one in its place.

use std::time::Duration;

use nonblock::{Sleepable, thread};

fn run(cx: &mut Sleepable) {
    thread::scope(cx, |_scope, _| thread::sleep(cx, Duration::from_millis(1)));
}

fn main() {}
