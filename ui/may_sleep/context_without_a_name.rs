//! A token is checked by its name or by its type: `_: &mut impl Context` has neither.

use nonblock::{Context, may_sleep};

#[may_sleep]
fn flush(_: &mut impl Context) {}

fn main() {}
