//! Law 3: a section opened by the root does not borrow the token, so it may not capture it.

use nonblock::{Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    non_block(|_| flush(cx));
}

fn main() {}
