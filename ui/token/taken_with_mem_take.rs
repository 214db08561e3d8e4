//! Law 1: a token cannot be taken out of its loan.

use nonblock::Sleepable;

fn take<T: Default>(slot: &mut T) -> T {
    std::mem::take(slot)
}

fn keep(cx: &mut Sleepable) {
    let _mine = take(cx);
}

fn main() {}
