//! Law 1: a token cannot be boxed and kept.

use std::any::Any;

use nonblock::Sleepable;

fn keep(cx: &mut Sleepable) -> Box<dyn Any> {
    Box::new(cx)
}

fn main() {}
