//! A permit that is not kept permits nothing.
#![deny(unused_must_use)]

use nonblock::sync::Semaphore;

fn claim(channels: &Semaphore) {
    channels.try_acquire().unwrap();
}

fn main() {}
