//! Law 3: a section borrows the token until it ends, so nothing in it makes a value that others wait for.

use nonblock::{Sleepable, sync::OnceLock};

fn firmware(loaded: &OnceLock<u32>, cx: &mut Sleepable) -> u32 {
    cx.non_block(|_nb| *loaded.get_or_init(cx, |_cx| 2))
}

fn main() {}
