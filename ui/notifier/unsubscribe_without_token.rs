//! Law 2: ending a subscription waits for running callbacks, and that takes the right to sleep.

use nonblock_mm::mmu::Subscription;

fn close(subscription: Subscription) {
    subscription.unsubscribe();
}

fn main() {}
