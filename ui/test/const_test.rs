//! A test runs when the tests do.

#[nonblock::test]
const fn flushes() {}

fn main() {}
