//! Law 4: what takes a `NonBlock` is for sections; open one.

use nonblock::{NonBlock, sleepable};

fn count(_nb: &NonBlock) {}

fn main() {
    sleepable(|cx| count(cx));
}
