//! Law 1: there is no value to put in a token's place.

use std::mem;

use nonblock::Sleepable;

fn keep(cx: &mut Sleepable) {
    let _mine = mem::replace(cx, Sleepable {});
}

fn main() {}
