//! Law 3: reading waits for invalidations; in a section it is only tried.

use nonblock::NonBlock;
use nonblock_mm::mmu::{IntervalSubscription, Seq};

fn fault(subscription: &IntervalSubscription, nb: &mut NonBlock) -> Seq {
    subscription.read_begin(nb)
}

fn main() {}
