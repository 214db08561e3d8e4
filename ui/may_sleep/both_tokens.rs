//! Law 3: nobody holds both tokens.

use nonblock::{NonBlock, Sleepable, may_sleep};

#[may_sleep]
fn flush(_cx: &mut Sleepable, _nb: &NonBlock) {}

fn main() {}
