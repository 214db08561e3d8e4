//! A test takes its token as a parameter.

#[nonblock::test(cx)]
fn flushes() {}

fn main() {}
