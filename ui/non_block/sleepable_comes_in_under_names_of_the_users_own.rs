//! Law 3: no right to sleep comes into a section, whatever its type and its parameter are called.

use nonblock::{Sleepable as Right, non_block};

fn flush(_right: &mut Right) {}

#[non_block]
fn count(right: &mut Right) {
    flush(right);
}

fn main() {}
