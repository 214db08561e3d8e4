//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, sync::Semaphore};

fn claim(channels: &Semaphore, nb: &mut NonBlock) -> bool {
    channels.down_timeout(nb, Duration::from_millis(1))
}

fn main() {}
