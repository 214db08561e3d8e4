//! The layers of a test stand in quotes.

#[nonblock::test(watch = trap)]
fn flushes() {}

fn main() {}
