//! Law 2: a wait is a wait, however short, and takes the right to sleep.

use std::time::Duration;

use nonblock::sync::Semaphore;

fn reserve(channels: &Semaphore) -> bool {
    channels.down_timeout(Duration::from_millis(1))
}

fn main() {}
