//! Law 4: who holds a spin lock cannot sleep.

use std::time::Duration;

use nonblock::{Sleepable, sync::SpinLock, thread};

fn count(hits: &SpinLock<u32>, cx: &mut Sleepable) {
    cx.non_block(|nb| {
        let mut hits = hits.lock(nb);
        thread::sleep(cx, Duration::from_millis(1));
        *hits += 1;
    });
}

fn main() {}
