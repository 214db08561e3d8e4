//! A declared method takes the token too: its callers see nothing else of it.

use nonblock::may_sleep;

trait Device {
    #[may_sleep]
    fn reset(&self);
}

fn main() {}
