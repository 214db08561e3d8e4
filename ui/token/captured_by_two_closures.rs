//! Law 1: one closure at a time holds a loan; two that sleep take the token as an argument.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mut first = || flush(cx);
    let mut second = || flush(cx);
    first();
    second();
}

fn main() {}
