//! Tests with a token, without one, and that return a result. Without a harness they are no more than checked.
#![deny(warnings)]
#![allow(unused)]

use nonblock::{NonBlock, Sleepable};

#[nonblock::test]
fn plain() {}

#[nonblock::test]
fn may_sleep(cx: &mut Sleepable) {
    cx.non_block(|_nb| ());
}

#[nonblock::test]
fn in_a_section(_nb: &mut NonBlock) {}

#[nonblock::test]
fn by_the_proof(_nb: &NonBlock) {}

#[nonblock::test]
#[should_panic = "expected"]
fn panics() {
    panic!("expected");
}

#[nonblock::test]
#[ignore = "it is slow"]
fn fallible(cx: &mut Sleepable) -> Result<(), std::num::ParseIntError> {
    let _ = cx;
    "7".parse::<u32>()?;
    Ok(())
}

#[nonblock::test]
#[nonblock::may_sleep(cx)]
fn bound() {
    cx.non_block(|_nb| ());
}

fn main() {}
