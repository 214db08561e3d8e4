//! Law 3: a root cannot be opened around a bound token.

use nonblock::{Sleepable, may_sleep, sleepable};

fn wait(_cx: &mut Sleepable) {}

#[may_sleep(cx)]
fn main() {
    sleepable(|inner| cx.non_block(|_| wait(inner)));
}
