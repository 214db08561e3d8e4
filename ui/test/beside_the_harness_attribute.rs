//! The attribute makes the function a test; twice would run it twice.

#[nonblock::test]
#[test]
fn flushes() {}

fn main() {}
