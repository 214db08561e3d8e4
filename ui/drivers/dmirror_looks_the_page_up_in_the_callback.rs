//! Law 2: to get a page of a process may sleep for the fault, so a section cannot.

use nonblock::{Context, NonBlock};
use nonblock_linux::errno::Errno;
use nonblock_linux::mmu::{InvalidateInterval, Mm, Page, Range};

struct Dmirror {
    mm: Mm,
}

impl Dmirror {
    fn replace(&self, range: &Range, nb: &mut NonBlock) -> Result<Page, Errno> {
        self.mm.page(range.start(), nb)
    }
}

impl InvalidateInterval for Dmirror {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let _page = cx.non_block(|nb| self.replace(range, nb));
        Ok(())
    }
}

fn main() {}
