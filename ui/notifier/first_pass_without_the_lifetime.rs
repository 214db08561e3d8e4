//! A first pass names the lifetime of its token, as its `Finish` borrows it.

use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use nonblock::{Context, Sleepable};

struct Gpu;

impl InvalidateTwoPass for Gpu {
    type Operation = u64;

    fn invalidate_start<C: Context>(
        &self,
        _range: &Range,
        cx: &mut C,
    ) -> Result<Option<Finish<'_, u64>>, C::Refusal> {
        Ok(Some(Finish::new(7, cx.or_refuse()?)))
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn main() {}
