//! A driver of two passes has both: what has begun must be waited for.

use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use nonblock::Context;

struct Gpu;

impl InvalidateTwoPass for Gpu {
    type Operation = u64;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, u64>>, C::Refusal> {
        Ok(Some(Finish::new(7, cx.or_refuse()?)))
    }
}

fn main() {}
