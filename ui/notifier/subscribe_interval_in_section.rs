//! Law 3: subscribing an interval may sleep.

use std::sync::Arc;

use nonblock::NonBlock;
use nonblock_mm::mmu::{AddressSpace, IntervalNotifier, Range};

fn open(space: &AddressSpace, range: Range, driver: Arc<dyn IntervalNotifier>, nb: &mut NonBlock) {
    let _subscription = space.subscribe_interval(range, driver, nb);
}

fn main() {}
