//! The harness would not know for which type to call a test.

#[nonblock::test]
fn flushes<C: nonblock::Context>(_cx: &mut C) {}

fn main() {}
