//! It can be shared between threads only if its value can.

use std::cell::Cell;

use nonblock::MaySleep;

static SHARED: MaySleep<Cell<u32>> = MaySleep::new(Cell::new(0));

fn main() {}
