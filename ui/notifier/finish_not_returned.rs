//! A second pass follows only if the first one returns its `Finish`.
#![deny(unused_must_use)]

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
        Finish::new(7, cx.or_refuse()?);
        Ok(None)
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn main() {}
