//! The harness calls tests without `unsafe`.

#[nonblock::test]
unsafe fn flushes() {}

fn main() {}
