//! Law 3: an iterator that captured the token holds it borrowed, so no section can drive it.

use nonblock::Sleepable;

fn read(_cx: &mut Sleepable, block: u64) -> u64 {
    block
}

fn run(cx: &mut Sleepable) -> u64 {
    let blocks = (0..4).map(|block| read(cx, block));
    cx.non_block(|_| blocks.sum())
}

fn main() {}
