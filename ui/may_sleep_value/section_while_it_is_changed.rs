//! Law 3: no section opens while the value is being changed.

use nonblock::{MaySleep, Sleepable};

fn append(log: &mut MaySleep<String>, cx: &mut Sleepable) {
    let text = log.get_mut(cx);
    cx.non_block(|_| text.push('x'));
}

fn main() {}
