//! Law 3: a second pass waits for its device, so it is never made in a section.

use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use nonblock::{Context, NonBlock};

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

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _nb: &mut NonBlock) {}
}

fn main() {}
