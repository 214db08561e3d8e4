//! The harness calls tests as Rust functions.

#[nonblock::test]
extern "C" fn flushes() {}

fn main() {}
