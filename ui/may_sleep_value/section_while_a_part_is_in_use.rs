//! Law 3: a part of the value holds the token as the whole does.

use nonblock::{MaySleep, Sleepable};

fn first(log: &MaySleep<Vec<String>>, cx: &mut Sleepable) -> usize {
    let first = &log.get(cx)[0];
    cx.non_block(|_| first.len())
}

fn main() {}
