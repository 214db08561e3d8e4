//! Expansions need no prelude, and none of the names around them.
#![no_implicit_prelude]
#![deny(warnings)]

mod core {}
mod std {}
mod alloc {}

mod nonblock {
    pub fn may_sleep() {}
}

use ::nonblock::{NonBlock, Sleepable, may_sleep, non_block};

#[allow(dead_code)]
struct Some;

#[allow(dead_code)]
enum Result {
    Ok,
}

#[may_sleep]
fn wait(cx: &mut Sleepable) -> u32 {
    cx.non_block(|nb| count(nb))
}

#[non_block]
fn count(_nb: &NonBlock) -> u32 {
    inside()
}

#[non_block(nb)]
fn inside() -> u32 {
    nb.non_block(|_nb| 1)
}

#[may_sleep(cx)]
fn main() {
    nonblock::may_sleep();
    ::std::assert_eq!(wait(cx), 1);
}
