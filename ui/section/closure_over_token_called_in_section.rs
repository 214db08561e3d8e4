//! Law 3: a closure that captured the token holds it borrowed, so no section can open.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mut later = || flush(cx);
    cx.non_block(|_| later());
}

fn main() {}
