//! Law 3: a token whose type was erased is found by the root's bound too.

use std::any::Any;

use nonblock::{Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let erased: &mut dyn Any = cx;
    non_block(|_| erased.downcast_mut().map(flush));
}

fn main() {}
