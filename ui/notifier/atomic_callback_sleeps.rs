//! Law 3: the callbacks of an atomic chain run in a section.

use std::time::Duration;

use nonblock::notifier::{Answer, AtomicNotifier};
use nonblock::{NonBlock, thread};

struct Device;

impl AtomicNotifier<u32> for Device {
    fn notify_atomic(&self, _event: &u32, nb: &mut NonBlock) -> Answer {
        thread::sleep(nb, Duration::from_millis(1));
        Answer::Continue
    }
}

fn main() {}
