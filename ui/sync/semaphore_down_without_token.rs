//! Law 2: waiting for a permit takes the right to sleep.

use nonblock::sync::Semaphore;

fn claim(channels: &Semaphore) {
    channels.down();
}

fn main() {}
