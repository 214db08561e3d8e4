//! Law 1: forging a token takes `unsafe`.

use std::mem;

use nonblock::Sleepable;

fn main() {
    let _cx: Sleepable = mem::transmute(());
}
