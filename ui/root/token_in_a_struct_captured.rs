//! Law 3: a token that is hidden in a struct is found by the root's bound too.

use nonblock::{Sleepable, non_block};

struct Driver<'a> {
    cx: &'a mut Sleepable,
}

impl Driver<'_> {
    fn flush(&mut self) {}
}

fn run(mut driver: Driver<'_>) {
    non_block(|_| driver.flush());
}

fn main() {}
