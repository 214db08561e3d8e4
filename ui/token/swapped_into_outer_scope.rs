//! Law 1: a loan cannot be swapped into a scope that outlives it.

use std::mem;

use nonblock::Sleepable;

fn swap_out<'outer>(slot: &mut &'outer mut Sleepable, mut cx: &mut Sleepable) {
    mem::swap(slot, &mut cx);
}

fn main() {}
