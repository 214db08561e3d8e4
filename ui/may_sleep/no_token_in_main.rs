//! A program starts with no token: `main` binds one.

#[nonblock::may_sleep]
fn main() {}
