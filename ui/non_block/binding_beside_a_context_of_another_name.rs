//! Law 3: a section opened beside what may be a right to sleep would not borrow it.

use nonblock::{Context as Either, NonBlock, Sleepable, non_block};

fn touch(_nb: &NonBlock) {}

fn flush(_cx: &mut Sleepable) {}

#[non_block(nb)]
fn count<C: Either>(cx: &mut C) {
    touch(nb);
    cx.as_sleepable().map(flush);
}

fn main() {}
