//! A test is watched by layers that there are.

#[nonblock::test(watch = "trap,shedule")]
fn flushes() {}

fn main() {}
