//! Expansions take no name from the body, and leave none in it.
#![deny(warnings)]

use nonblock::{Sleepable, may_sleep, non_block, sleepable};

#[allow(non_snake_case)]
#[may_sleep]
fn wait(cx: &mut Sleepable, holder: u32, token: u32, Section: u32) -> u32 {
    let _ = cx;
    fn may_sleep() -> u32 {
        1
    }
    holder + token + Section + may_sleep()
}

#[non_block(nb)]
fn count(_section: u32, holder: u32) -> u32 {
    struct Bound;
    let _bound = Bound;
    nb.non_block(|_nb| _section + holder)
}

fn main() {
    sleepable(|cx| assert_eq!(wait(cx, 1, 2, 3), 7));
    assert_eq!(count(1, 2), 3);
}
