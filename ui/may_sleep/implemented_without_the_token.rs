//! A method that is declared to take the token takes it in each implementation.

use nonblock::{Sleepable, may_sleep};

trait Device {
    #[may_sleep]
    fn reset(&self, cx: &mut Sleepable);
}

struct Disk;

impl Device for Disk {
    fn reset(&self) {}
}

fn main() {}
