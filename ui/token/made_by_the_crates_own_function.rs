//! Law 1: what the crate makes its tokens with is private.

use nonblock::Sleepable;

fn main() {
    let _cx = Sleepable::lend();
}
