//! Law 3: a section borrows its token, so nothing in it can sleep.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    cx.non_block(|_| flush(cx));
}

fn main() {}
