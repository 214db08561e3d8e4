//! Law 3: no right to sleep comes into a section as the receiver.

use nonblock::{Sleepable, non_block};

trait Count {
    fn count(&mut self);
}

impl Count for Sleepable {
    #[non_block]
    fn count(&mut self) {}
}

fn main() {}
