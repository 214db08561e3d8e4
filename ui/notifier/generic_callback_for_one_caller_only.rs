//! `Invalidate` serves both callers; for two different callbacks there is `Notifier`.

use std::convert::Infallible;

use nonblock::Sleepable;
use nonblock_mm::mmu::{Invalidate, Range};

struct Grants;

impl Invalidate for Grants {
    fn invalidate(&self, _range: &Range, _cx: &mut Sleepable) -> Result<(), Infallible> {
        Ok(())
    }
}

fn main() {}
