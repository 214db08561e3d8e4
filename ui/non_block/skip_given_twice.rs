//! Once is enough.

use nonblock::non_block;

struct Disk;

#[non_block]
impl Disk {
    #[non_block(skip)]
    #[non_block(skip)]
    fn wait(&self) {}
}

fn main() {
    Disk.wait();
}
