//! Law 3: no right to sleep comes into a section as a receiver that is a reference.

use nonblock::{Sleepable, non_block};

trait Count {
    fn count(self);
}

impl Count for &mut Sleepable {
    #[non_block]
    fn count(self) {}
}

fn main() {}
