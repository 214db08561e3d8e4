//! Law 1: the token is lent to the value while it is in use; nothing else waits by it.

use nonblock::{MaySleep, Sleepable, sync::Semaphore};

fn size(log: &MaySleep<String>, channels: &Semaphore, cx: &mut Sleepable) -> usize {
    let text = log.get(cx);
    channels.down(cx);
    text.len()
}

fn main() {}
