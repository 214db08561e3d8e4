//! Law 3: only who may sleep has a second pass; whoever must not is refused.

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
        Ok(Some(Finish::new(seqno, cx)))
    }

    fn invalidate_finish(&self, _range: &Range, seqno: Seqno, cx: &mut Sleepable) {
        self.userptr.tlb_inval().wait(seqno, cx);
    }
}

fn main() {}
