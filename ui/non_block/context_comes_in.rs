//! Law 3: what may be a right to sleep does not come into a section.

use nonblock::{Context, non_block};

#[non_block]
fn count<C: Context>(_cx: &mut C) {}

fn main() {}
