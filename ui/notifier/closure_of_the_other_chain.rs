//! Law 3: a closure that takes the right to sleep cannot be called by an atomic chain.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::notifier::{AlreadyRegistered, Answer, AtomicChain};

fn watch(chain: &AtomicChain<u32>, cx: &mut Sleepable) -> Result<(), AlreadyRegistered> {
    let callback = Arc::new(|_event: &u32, _cx: &mut Sleepable| Answer::Continue);
    chain.register(callback, 0, cx)?.unregister(cx);
    Ok(())
}

fn main() {}
