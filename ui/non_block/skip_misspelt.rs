//! What leaves a method out is called `skip`; another name would be that of a token.

use nonblock::non_block;

struct Device;

#[non_block]
impl Device {
    #[non_block(sikp)]
    fn open(&self) {}
}

fn main() {
    Device.open();
}
