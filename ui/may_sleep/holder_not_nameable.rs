//! Law 1: what holds a bound token cannot be named in the body.

use nonblock::may_sleep;

#[may_sleep(cx)]
fn main() {
    cx.non_block(|_| ());
    let _kept = __nonblock_holder;
}
