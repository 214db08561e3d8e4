//! A test names the layers that it is watched by.

#[nonblock::test(watch)]
fn flushes() {}

fn main() {}
