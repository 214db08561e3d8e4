//! What was read without looking at the sequence number afterwards may be stale.
#![deny(unused_must_use)]

use nonblock::Sleepable;
use nonblock_mm::mmu::IntervalSubscription;

fn fault(subscription: &IntervalSubscription, cx: &mut Sleepable) {
    subscription.read_begin(cx);
}

fn main() {}
