//! Law 1: a second pass borrows the right to sleep, so the first one has nothing left to wait with.

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
        let finish = Finish::new(7, cx.or_refuse()?);
        thread::sleep(cx.or_refuse()?, Duration::from_millis(1));
        Ok(Some(finish))
    }

    fn invalidate_finish(&self, _range: &Range, _operation: u64, _cx: &mut Sleepable) {}
}

fn main() {}
