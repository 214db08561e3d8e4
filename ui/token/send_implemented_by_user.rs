//! Law 1: a user cannot make a token `Send`, not even with `unsafe`.

use nonblock::Sleepable;

unsafe impl Send for Sleepable {}

fn main() {}
