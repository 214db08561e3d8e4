//! Law 5: a section may be refused a permit, and has to look.

use nonblock::{NonBlock, sync::Semaphore};

fn claim(channels: &Semaphore, nb: &mut NonBlock) {
    let Ok(_permit) = channels.acquire(nb);
}

fn main() {}
