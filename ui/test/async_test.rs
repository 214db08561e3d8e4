//! Nothing would poll an `async` test.

#[nonblock::test]
async fn flushes() {}

fn main() {}
