//! The attribute is for each test.

#[nonblock::test]
mod tests {}

fn main() {}
