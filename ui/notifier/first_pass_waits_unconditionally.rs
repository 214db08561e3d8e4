//! Law 2: a first pass for both callers has no right to sleep until it has asked for it.

use std::time::Duration;

use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use nonblock::{Context, Sleepable, thread};

struct Gpu;

impl InvalidateTwoPass for Gpu {
    type Operation = u64;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, u64>>, C::Refusal> {
        thread::sleep(cx, Duration::from_millis(1));
        Ok(None)
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn main() {}
