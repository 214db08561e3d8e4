//! Law 2: waiting for an invalidation to end takes the right to sleep.

use nonblock_mm::mmu::IntervalSubscription;

fn fault(subscription: &IntervalSubscription) {
    let _seq = subscription.read_begin();
}

fn main() {}
