//! Law 1: the token is lent to the value while it is in use; nothing is waited for by it.

use nonblock::{MaySleep, Sleepable, sync::Mutex};

fn size(log: &MaySleep<String>, sizes: &Mutex<Vec<usize>>, cx: &mut Sleepable) {
    let text = log.get(cx);
    sizes.lock(cx).push(text.len());
}

fn main() {}
