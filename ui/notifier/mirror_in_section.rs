//! Law 3: mirroring waits for invalidations; in a section it is only tried.

use nonblock::NonBlock;
use nonblock_mm::mmu::{IntervalSubscription, Seq};


fn fault(subscription: &IntervalSubscription, nb: &mut NonBlock) -> Seq {
    subscription.mirror(8, nb, |seq, _cx| Some(seq))
}

fn main() {}
