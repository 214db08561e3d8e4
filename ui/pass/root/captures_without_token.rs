//! A root's closure may capture whatever could go to another thread, and return it.
#![deny(warnings)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nonblock::{non_block, permit_sleep, sleepable};

fn main() {
    let (counter, mut text, owned) = (AtomicU32::new(0), String::new(), Arc::new([1, 2]));
    let kept = Arc::clone(&owned);
    let sum = sleepable(move |_cx| owned.iter().sum::<u32>());
    non_block(|_nb| counter.fetch_add(sum, Ordering::Relaxed));
    permit_sleep("it is a test", |_cx| text.push('x'));
    assert_eq!((counter.into_inner(), text.as_str(), kept.len()), (3, "x", 2));
}
