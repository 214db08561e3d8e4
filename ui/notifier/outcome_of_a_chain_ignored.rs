//! A callback may have answered with an error.
#![deny(unused_must_use)]

use nonblock::Sleepable;
use nonblock::notifier::BlockingChain;

fn tell(chain: &BlockingChain<u32>, cx: &mut Sleepable) {
    chain.call(&1, cx);
}

fn main() {}
