//! Law 1: a token cannot be cloned.

use nonblock::Sleepable;

fn keep(cx: &mut Sleepable) {
    let _mine: Sleepable = cx.clone();
}

fn main() {}
