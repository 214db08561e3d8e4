//! Law 1: a token cannot be kept in a struct that outlives its closure.

use nonblock::Sleepable;

#[derive(Default)]
struct Driver<'a> {
    cx: Option<&'a mut Sleepable>,
}

fn main() {
    let mut driver = Driver::default();
    nonblock::raw::sleepable(|cx| driver.cx = Some(cx));
    assert!(driver.cx.is_some());
}
