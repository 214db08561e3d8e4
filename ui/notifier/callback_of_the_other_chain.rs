//! A callback that may sleep cannot be called by an atomic chain.

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::notifier::{AlreadyRegistered, Answer, AtomicChain, BlockingNotifier};

struct Device;

impl BlockingNotifier<u32> for Device {
    fn notify_blocking(&self, _event: &u32, _cx: &mut Sleepable) -> Answer {
        Answer::Continue
    }
}

fn watch(chain: &AtomicChain<u32>, cx: &mut Sleepable) -> Result<(), AlreadyRegistered> {
    chain.register(Arc::new(Device), 0, cx)?.unregister(cx);
    Ok(())
}

fn main() {}
