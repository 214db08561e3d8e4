//! Law 3: subscribing may sleep.

use std::sync::Arc;

use nonblock::NonBlock;
use nonblock_mm::mmu::{AddressSpace, Notifier};

fn open(space: &AddressSpace, driver: Arc<dyn Notifier>, nb: &mut NonBlock) {
    let _subscription = space.subscribe(driver, nb);
}

fn main() {}
