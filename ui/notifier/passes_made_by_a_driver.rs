//! The address space makes the passes; a driver that calls another one calls its callbacks.

use nonblock_mm::mmu::{IntervalNotifier, PassId, Range};
use nonblock::Sleepable;


fn forward(driver: &dyn IntervalNotifier, range: &Range, id: PassId, cx: &mut Sleepable) -> bool {
    driver.first_pass(range, id, cx)
}

fn main() {}
