//! Law 3: what is lent a `NonBlock` must not sleep.

use nonblock::{NonBlock, may_sleep};

#[may_sleep]
fn flush(_nb: &mut NonBlock) {}

fn main() {}
