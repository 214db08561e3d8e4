//! Law 3: the token that the section borrows does not wait in it.

use nonblock::{Sleepable, sync::Completion};

fn fence(done: &Completion, cx: &mut Sleepable) {
    cx.non_block(|_| done.wait(cx));
}

fn main() {}
