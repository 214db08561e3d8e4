//! Law 3: entering a section borrows the token exclusively.

use nonblock::Sleepable;

fn run(cx: &Sleepable) {
    cx.non_block(|_| ());
}

fn main() {}
