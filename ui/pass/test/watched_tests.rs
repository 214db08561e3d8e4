//! Tests with the watch on. Without a harness they are no more than checked.
#![deny(warnings)]
#![allow(unused)]

use nonblock::{NonBlock, Sleepable};

#[nonblock::test(watch = "trap")]
fn watched() {}

#[nonblock::test(cx, watch = "trap, schedule")]
fn watched_and_bound() -> Result<(), std::num::ParseIntError> {
    cx.non_block(|_nb| "7".parse::<u32>()).map(drop)
}

#[nonblock::test(watch = "schedule,alloc")]
fn watched_in_a_section(nb: &mut NonBlock) {
    nb.non_block(|_nb| ());
}

macro_rules! watched_by {
    ($name:ident, $layers:literal) => {
        #[nonblock::test(watch = $layers)]
        fn $name(_cx: &mut Sleepable) {}
    };
}

watched_by!(watched_by_a_macro, "trap");

fn main() {}
