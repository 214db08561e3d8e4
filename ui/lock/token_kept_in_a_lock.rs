//! Law 1: a lock that holds a token cannot be shared between threads.

use nonblock::{Sleepable, sync::Mutex};

enum Slot {
    Empty,
    Kept(&'static mut Sleepable),
}

static SLOT: Mutex<Slot> = Mutex::new(Slot::Empty);

fn main() {
    assert!(!SLOT.is_locked());
}
