//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, sync::Completion};

fn fence(done: &Completion, nb: &mut NonBlock) -> bool {
    done.wait_for(nb, Duration::from_millis(1)).is_some()
}

fn main() {}
