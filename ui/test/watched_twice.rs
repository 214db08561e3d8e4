//! A test names all its layers at once.

#[nonblock::test(watch = "trap", watch = "schedule")]
fn flushes() {}

fn main() {}
