//! Tests whose token the attribute binds. Without a harness they are no more than checked.
#![deny(warnings)]
#![allow(unused)]

use nonblock::Sleepable;

#[nonblock::test(cx)]
fn bound() {
    cx.non_block(|_nb| ());
}

#[nonblock::test(cx)]
fn bound_and_fallible() -> Result<(), std::num::ParseIntError> {
    cx.non_block(|_nb| "7".parse::<u32>()).map(drop)
}

#[nonblock::test]
fn with_a_lifetime<'a>(cx: &'a mut Sleepable) {
    cx.non_block(|_nb| ());
}

fn main() {}
