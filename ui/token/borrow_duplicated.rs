//! Law 1: the one loan of a `Sleepable` cannot be used twice at a time.

use nonblock::Sleepable;

fn flush_both(_left: &mut Sleepable, _right: &mut Sleepable) {}

fn flush(cx: &mut Sleepable) {
    flush_both(cx, cx);
}

fn main() {}
