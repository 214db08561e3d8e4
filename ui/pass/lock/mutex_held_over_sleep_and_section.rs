//! A mutex may be held while its holder sleeps, and while it opens a section.
#![deny(warnings)]

use std::time::Duration;

use nonblock::{sleepable, sync::Mutex, thread};

fn main() {
    let table = Mutex::new(vec![1]);
    sleepable(|cx| {
        let mut held = table.lock(cx);
        thread::sleep(cx, Duration::from_millis(1));
        cx.non_block(|_nb| held.push(2));
        drop(held);
        assert_eq!(*table.lock(cx), [1, 2]);
    });
}
