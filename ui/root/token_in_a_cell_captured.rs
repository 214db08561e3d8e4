//! Law 3: a token in a cell is found by the root's bound too.

use std::cell::Cell;

use nonblock::{Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let slot = Cell::new(Some(cx));
    non_block(|_| slot.take().map(flush));
}

fn main() {}
