//! Law 1: a section's token cannot leave the section.

use nonblock::Sleepable;

fn flush(cx: &mut Sleepable) {
    let _nb = cx.non_block(|nb| nb);
}

fn main() {}
