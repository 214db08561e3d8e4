//! Law 1: a loan cannot be made longer.

use nonblock::Sleepable;

fn keep(cx: &mut Sleepable) -> &'static mut Sleepable {
    cx
}

fn main() {}
