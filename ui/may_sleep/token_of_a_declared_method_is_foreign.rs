//! Types decide in a declared method too, which has no body to check in.

use nonblock::may_sleep;

struct Sleepable;

trait Device {
    #[may_sleep]
    fn reset(&self, cx: &mut Sleepable);
}

fn main() {}
