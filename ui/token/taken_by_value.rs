//! Law 1: a token is lent, so a function takes a borrow of it.

use nonblock::Sleepable;

fn flush(_cx: Sleepable) {}

fn run(cx: &mut Sleepable) {
    flush(cx);
}

fn main() {}
