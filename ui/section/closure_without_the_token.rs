//! A section lends its closure a token, and the closure must take it.

use nonblock::Sleepable;

fn run(cx: &mut Sleepable) {
    cx.non_block(|| ());
}

fn main() {}
