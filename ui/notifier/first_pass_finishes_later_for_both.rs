//! Law 3: only who may sleep has a second pass; a first pass for both callers asks for the right to it.

use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use nonblock::{Context, Sleepable};

struct Gpu;

impl InvalidateTwoPass for Gpu {
    type Operation = u64;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, u64>>, C::Refusal> {
        Ok(Some(Finish::new(7, cx)))
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn main() {}
