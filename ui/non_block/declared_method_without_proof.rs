//! A declared method has no body to run in a section, so it takes the proof of one.

use nonblock::non_block;

trait Device {
    #[non_block]
    fn acknowledge(&self);
}

fn main() {}
