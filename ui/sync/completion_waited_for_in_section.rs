//! Law 3: a section completes, and cannot wait for a completion.

use nonblock::{NonBlock, sync::Completion};

fn fence(done: &Completion, nb: &mut NonBlock) {
    done.wait(nb);
}

fn main() {}
