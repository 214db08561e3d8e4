//! Law 3: the right to sleep is an exclusive borrow, so that a section can take it away.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &Sleepable) {
    flush(cx);
}

fn main() {}
