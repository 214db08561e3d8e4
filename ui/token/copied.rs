//! Law 1: a token cannot be copied or moved out of its loan.

use nonblock::Sleepable;

fn keep(cx: &mut Sleepable) {
    let _mine: Sleepable = *cx;
}

fn main() {}
