//! A callback whose registration is not kept is removed.
#![deny(unused_must_use)]

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::notifier::{AlreadyRegistered, BlockingChain, BlockingNotifier};

fn watch(
    chain: &BlockingChain<u32>,
    callback: Arc<dyn BlockingNotifier<u32>>,
    cx: &mut Sleepable,
) -> Result<(), AlreadyRegistered> {
    chain.register(callback, 0, cx)?;
    Ok(())
}

fn main() {}
