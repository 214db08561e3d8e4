//! A method that is declared to take a `Sleepable` takes it in each implementation.

use nonblock::{NonBlock, Sleepable, may_sleep, non_block};

trait Device {
    #[may_sleep]
    fn reset(&self, cx: &mut Sleepable);
}

struct Disk;

impl Device for Disk {
    #[non_block]
    fn reset(&self, _nb: &mut NonBlock) {}
}

fn main() {}
