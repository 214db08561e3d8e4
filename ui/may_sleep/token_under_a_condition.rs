//! Law 2: what may sleep takes the token in every build, not in some.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
fn flush(#[cfg(not(test))] _: &mut Sleepable) {}

fn main() {}
