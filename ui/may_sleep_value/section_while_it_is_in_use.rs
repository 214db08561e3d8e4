//! Law 3: no section opens while the value is in use.

use nonblock::{MaySleep, Sleepable};

fn size(log: &MaySleep<String>, cx: &mut Sleepable) -> usize {
    let text = log.get(cx);
    cx.non_block(|_| text.len())
}

fn main() {}
