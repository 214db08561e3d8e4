//! Law 3: removing a callback waits for those that run; in one of them it is dropped instead.

use std::sync::Mutex;

use nonblock::NonBlock;
use nonblock::notifier::{Answer, AtomicNotifier, Registration};

struct Once {
    other: Mutex<Option<Registration>>,
}

impl AtomicNotifier<u32> for Once {
    fn notify_atomic(&self, _event: &u32, nb: &mut NonBlock) -> Answer {
        let other = self.other.lock().unwrap().take();
        other.into_iter().for_each(|other| other.unregister(nb));
        Answer::Stop
    }
}

fn main() {}
