//! A budget needs a length, so a test sets it in its body.

#[nonblock::test(watch = "budget")]
fn flushes() {}

fn main() {}
