//! Law 3: a section opened by a token in a struct borrows that field.

use nonblock::Sleepable;

struct Driver<'a> {
    cx: &'a mut Sleepable,
}

fn flush(_cx: &mut Sleepable) {}

fn run(driver: &mut Driver<'_>) {
    driver.cx.non_block(|_| flush(driver.cx));
}

fn main() {}
