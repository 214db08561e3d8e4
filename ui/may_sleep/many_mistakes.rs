//! Every mistake is reported at once, and none makes others.

use nonblock::{Sleepable, may_sleep};

#[may_sleep(timeout = 5, crate = "nonblock")]
const async fn flush(_cx: &mut Sleepable) {}

struct Disk;

#[may_sleep]
impl Disk {
    fn read(&self, _cx: Sleepable) {}

    fn write(&self) {}
}

fn main() {
    Disk.write();
}
