//! A sequence number comes from `read_begin` alone.

use nonblock_mm::mmu::{IntervalSubscription, Seq};

fn is_fresh(subscription: &IntervalSubscription) -> bool {
    !subscription.read_retry(Seq { interval: 0, begun: 0 })
}

fn main() {}
