//! A subscription that is not kept has ended.
#![deny(unused_must_use)]

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Notifier, Released};

fn open(
    space: &AddressSpace,
    driver: Arc<dyn Notifier>,
    cx: &mut Sleepable,
) -> Result<(), Released> {
    space.subscribe(driver, cx)?;
    Ok(())
}

fn main() {}
