//! What the harness is to know stands in attributes of its own, and not in the arguments of `#[nonblock::test]`.

#[nonblock::test(should_panic)]
fn flushes() {}

fn main() {}
