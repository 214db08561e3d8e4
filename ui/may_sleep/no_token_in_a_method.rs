//! A method takes the token after its receiver.

use nonblock::may_sleep;

struct Disk;

impl Disk {
    #[may_sleep]
    fn read<const N: usize>(&mut self, block: u64) -> [u8; N] {
        [block as u8; N]
    }
}

fn main() {
    let _block: [u8; 4] = Disk.read(1);
}
