//! A token is bound in a body.

use nonblock::may_sleep;

trait Device {
    #[may_sleep(cx)]
    fn reset(&self);
}

fn main() {}
