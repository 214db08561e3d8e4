//! A declared method that may sleep and is generic over the context asks for the library's `Context`.

use nonblock::may_sleep;

trait Context {}

trait Device {
    #[may_sleep]
    fn reset<C: Context>(&self, cx: &mut C);
}

fn main() {}
