//! Law 3: a closure of an atomic chain is lent no right to sleep.

use nonblock::Sleepable;
use nonblock::notifier::{Answer, AtomicChain};

fn flush(_cx: &mut Sleepable) {}

fn watch(chain: &AtomicChain<u32>, cx: &mut Sleepable) {
    let flushes = |_event: &u32, cx: &mut Sleepable| {
        flush(cx);
        Answer::Continue
    };
    chain.register_fn(flushes, 0, cx).unregister(cx);
}

fn main() {}
