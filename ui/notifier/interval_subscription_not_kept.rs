//! The subscription of an interval that is not kept has ended.
#![deny(unused_must_use)]

use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, IntervalNotifier, Range, Released};

fn open(
    space: &AddressSpace,
    range: Range,
    driver: Arc<dyn IntervalNotifier>,
    cx: &mut Sleepable,
) -> Result<(), Released> {
    space.subscribe_interval(range, driver, cx)?;
    Ok(())
}

fn main() {}
