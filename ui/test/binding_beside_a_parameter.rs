//! A test takes one token: as a parameter, or bound by the attribute.

use nonblock::NonBlock;

#[nonblock::test(cx)]
fn flushes(_nb: &NonBlock) {
    let _ = cx;
}

fn main() {}
