//! Law 5: a callback that was refused must pass it on.
#![deny(unused_must_use)]

use nonblock_mm::mmu::{Invalidate, Range};
use nonblock::{Context, Sleepable};

struct Userptr;

impl Userptr {
    fn wait_for_device<C: Context>(&self, cx: &mut C) -> Result<(), C::Refusal> {
        let _: &mut Sleepable = cx.or_refuse()?;
        Ok(())
    }
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.wait_for_device(cx);
        Ok(())
    }
}

fn main() {}
