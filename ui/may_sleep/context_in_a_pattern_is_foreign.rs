//! A function that may sleep and is generic over the context asks for the library's `Context`.

use nonblock::may_sleep;

trait Context {}

#[may_sleep]
fn flush<C: Context>(_: &mut C) {}

fn main() {}
