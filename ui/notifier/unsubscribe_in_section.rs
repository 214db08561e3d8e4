//! Law 3: unsubscribing waits for the callbacks; in a section, drop the subscription instead.

use nonblock::NonBlock;
use nonblock_mm::mmu::Subscription;

fn close(subscription: Subscription, nb: &mut NonBlock) {
    subscription.unsubscribe(nb);
}

fn main() {}
