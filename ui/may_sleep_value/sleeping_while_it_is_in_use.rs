//! Law 1: the token is lent to the value while it is in use; nothing else sleeps by it.

use std::time::Duration;

use nonblock::{MaySleep, Sleepable, thread};

fn size(log: &MaySleep<String>, cx: &mut Sleepable) -> usize {
    let text = log.get(cx);
    thread::sleep(cx, Duration::from_millis(1));
    text.len()
}

fn main() {}
