//! A subscription ends once.

use nonblock::Sleepable;
use nonblock_mm::mmu::Subscription;

fn close(subscription: Subscription, cx: &mut Sleepable) {
    subscription.unsubscribe(cx);
    subscription.unsubscribe(cx);
}

fn main() {}
