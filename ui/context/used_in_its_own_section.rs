//! Law 3: a section opened by a generic context borrows it too.

use nonblock::Context;

fn unmap<C: Context>(cx: &mut C) -> bool {
    cx.non_block(|_| cx.as_sleepable().is_some())
}

fn main() {}
