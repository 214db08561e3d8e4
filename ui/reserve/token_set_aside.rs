//! Law 1: a token is lent, and none can be set aside.

use nonblock::{Reserve, Sleepable};

fn hoard(cx: &'static mut Sleepable) -> Reserve<&'static mut Sleepable> {
    Reserve::with_capacity(1, || cx)
}

fn main() {}
