//! An attribute on a block holds for each method; those that do not sleep are left out.

use nonblock::{Sleepable, may_sleep};

struct Disk {
    blocks: u64,
}

#[may_sleep]
impl Disk {
    fn flush(&mut self, _cx: &mut Sleepable) {}

    fn len(&self) -> u64 {
        self.blocks
    }
}

fn main() {
    assert_eq!(Disk { blocks: 3 }.len(), 3);
}
