//! Law 3: generic code opens sections by the token it was lent, not by a root.

use nonblock::{Context, non_block};

fn unmap<C: Context>(cx: &mut C) -> bool {
    non_block(|_| cx.as_sleepable().is_some())
}

fn main() {}
