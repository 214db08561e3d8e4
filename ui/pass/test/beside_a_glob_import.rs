//! A glob import of the crate brings a second `test`. The harness's own is named beside it.
#![deny(warnings)]
#![allow(unused)]

use core::prelude::v1::test;
use nonblock::*;

#[test]
fn of_the_harness() {}

#[nonblock::test]
fn of_this_crate(cx: &mut Sleepable) {
    cx.non_block(|_nb| ());
}

fn main() {}
