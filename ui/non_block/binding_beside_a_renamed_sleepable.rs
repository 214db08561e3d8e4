//! Law 3: a section opened beside a `Sleepable` would not borrow it, whatever it is called.

use nonblock::{NonBlock, Sleepable as Right, non_block};

fn touch(_nb: &NonBlock) {}

fn wait(_cx: &mut Right) {}

#[non_block(nb)]
fn count(cx: &mut Right) {
    touch(nb);
    wait(cx);
}

fn main() {}
