//! A test has one argument, the path of the crate.

#[nonblock::test(should_panic)]
fn flushes() {}

fn main() {}
