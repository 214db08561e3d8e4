//! Law 1: a struct cannot own a token, for nobody has one to give it.

use nonblock::Sleepable;

struct Driver {
    cx: Sleepable,
}

fn open(cx: &mut Sleepable) -> Driver {
    Driver { cx }
}

fn main() {}
