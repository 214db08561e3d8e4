//! Generic code that can do without sleeping asks, and need not refuse.
#![deny(warnings)]

use nonblock::{Context, sleepable, sync::Mutex};

fn drain<C: Context>(queue: &Mutex<Vec<u32>>, cx: &mut C) -> usize {
    match cx.as_sleepable() {
        Some(cx) => queue.lock(cx).drain(..).count(),
        None => queue.try_lock().map_or(0, |mut queue| queue.drain(..).count()),
    }
}

fn main() {
    let queue = Mutex::new(vec![1, 2]);
    sleepable(|cx| {
        assert_eq!(cx.non_block(|nb| drain(&queue, nb)), 2);
        assert_eq!(drain(&queue, cx), 0);
    });
}
