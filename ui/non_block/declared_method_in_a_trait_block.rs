//! An attribute on a trait holds for each method, declared ones too.

use nonblock::non_block;

#[non_block]
trait Device {
    fn acknowledge(&self);

    fn name(&self) -> &'static str {
        "device"
    }
}

fn main() {}
