//! A test's arguments are the name of a token, and the path of the crate.

#[nonblock::test(should_panic = "why")]
fn flushes() {}

fn main() {}
