//! A type parameter is a token if its bound says `Context`.

use nonblock::may_sleep;

#[may_sleep]
fn flush<C>(_cx: &mut C) {}

fn main() {}
