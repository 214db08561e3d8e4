//! The arguments of a closure that is a chain's callback are written out with their types.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::notifier::{AlreadyRegistered, Answer, AtomicChain};

fn watch(chain: &AtomicChain<u32>, cx: &mut Sleepable) -> Result<(), AlreadyRegistered> {
    let callback = Arc::new(|_event, _nb| Answer::Continue);
    chain.register(callback, 0, cx)?.unregister(cx);
    Ok(())
}

fn main() {}
