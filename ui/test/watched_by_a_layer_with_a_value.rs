//! A test names layers, and no values.

#[nonblock::test(cx, watch = "alloc=256")]
fn flushes() {}

fn main() {}
