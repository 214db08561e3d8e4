//! The attribute is for what can be called, where it is defined.

use nonblock::may_sleep;

#[may_sleep]
use std::thread::park;

fn main() {
    park();
}
