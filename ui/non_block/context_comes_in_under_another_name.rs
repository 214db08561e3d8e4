//! Law 3: what may be a right to sleep does not come into a section, whatever its trait is called.

use nonblock::{Context as Either, Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

#[non_block]
fn count<C: Either>(either: &mut C) {
    either.as_sleepable().map(flush);
}

fn main() {}
