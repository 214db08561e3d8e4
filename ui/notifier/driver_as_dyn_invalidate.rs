//! `Invalidate` is generic over its callers; the form of it that can be a trait object is `Notifier`.

use std::sync::Arc;

use nonblock_mm::mmu::Invalidate;

struct Drivers {
    all: Vec<Arc<dyn Invalidate>>,
}

fn main() {}
