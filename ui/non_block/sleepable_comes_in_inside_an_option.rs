//! Law 3: no right to sleep comes into a section inside another type.

use nonblock::{Sleepable, non_block};

#[non_block]
fn count(_cx: Option<&mut Sleepable>) {}

fn main() {
    count(None);
}
