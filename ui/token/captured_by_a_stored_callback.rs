//! Law 1: a callback that is kept cannot have captured a token.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

struct Driver {
    on_idle: Box<dyn FnMut()>,
}

fn open(cx: &mut Sleepable) -> Driver {
    Driver { on_idle: Box::new(|| flush(cx)) }
}

fn main() {}
