//! Law 3: a section opened beside a `Sleepable` would not borrow it, wherever it is.

use nonblock::{NonBlock, Sleepable, non_block};

fn touch(_nb: &NonBlock) {}

fn wait(_cx: &mut Sleepable) {}

#[non_block(nb)]
fn count(cx: Option<&mut Sleepable>) {
    touch(nb);
    cx.map(wait);
}

fn main() {}
