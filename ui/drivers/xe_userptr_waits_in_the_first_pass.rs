//! Law 2: a first pass for both callers waits for the flush, which is for one of them only.

use std::sync::Arc;

use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::{Finish, InvalidateTwoPass, Range};
use xe_userptr::{Seqno, Userptr};

struct Vma {
    userptr: Arc<Userptr>,
}

impl InvalidateTwoPass for Vma {
    type Operation = Seqno;

    fn invalidate_start<'cx, C: Context>(
        &self,
        range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, Seqno>>, C::Refusal> {
        let seqno = self.userptr.zap(range, cx);
        self.userptr.tlb_inval().wait(seqno, cx);
        Ok(None)
    }

    fn invalidate_finish(&self, _range: &Range, _seqno: Seqno, _cx: &mut Sleepable) {}
}

fn main() {}
