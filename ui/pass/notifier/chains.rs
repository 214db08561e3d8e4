//! Closures and types of one's own as callbacks; errors of one's own as answers.
#![deny(warnings)]

use std::sync::Arc;

use nonblock::notifier::{Answer, AtomicChain, BlockingChain, BlockingNotifier};
use nonblock::{NonBlock, Sleepable, sleepable};

#[derive(Debug, PartialEq)]
struct Busy;

struct Device;

impl BlockingNotifier<str, Busy> for Device {
    fn notify_blocking(&self, event: &str, _cx: &mut Sleepable) -> Answer<Busy> {
        if event == "suspend" { Answer::Bad(Busy) } else { Answer::Continue }
    }
}

static LOG: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());

fn main() {
    let power = BlockingChain::<str, Busy>::new();
    let ticks = AtomicChain::<u32>::new();
    sleepable(|cx| {
        let device = power.register(Arc::new(Device), 0, cx).unwrap();
        assert_eq!(power.call_robust("suspend", "resume", cx).into_result(), Err(Busy));
        device.unregister(cx);

        let log = |tick: &u32, _nb: &mut NonBlock| {
            LOG.lock().unwrap().push(*tick);
            Answer::Stop
        };
        let ticking = ticks.register(Arc::new(log), i32::MAX, cx).unwrap();
        assert_eq!(cx.non_block(|nb| ticks.call(&7, nb).called()), 1);
        drop(ticking);
    });
    assert_eq!(*LOG.lock().unwrap(), [7]);
}
