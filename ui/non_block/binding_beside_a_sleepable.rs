//! Law 3: a section opened beside a `Sleepable` would not borrow it.

use nonblock::{NonBlock, Sleepable, non_block};

fn touch(_nb: &NonBlock) {}

#[non_block(nb)]
fn count(_cx: &mut Sleepable) {
    touch(nb);
}

fn main() {}
