//! `skip` names the attribute that it leaves out.

use nonblock::{Sleepable, may_sleep};

struct Disk;

#[may_sleep]
impl Disk {
    fn flush(&mut self, _cx: &mut Sleepable) {}

    #[non_block(skip)]
    fn len(&self) -> u64 {
        0
    }
}

fn main() {
    assert_eq!(Disk.len(), 0);
}
