//! One callback for both callers, of both kinds of notifiers: it waits for the table, or refuses. The memory is a model's.
#![deny(warnings)]

use nonblock::{Context, Sleepable, WouldBlock};
use nonblock_linux::errno::Errno;
use nonblock_linux::mmu::{Invalidate, InvalidateInterval, Page, PAGE_SIZE, Range};
use nonblock_linux::process::Process;
use nonblock_linux::sync::{Arc, Mutex};

struct Dmirror {
    table: Mutex<Option<Page>>,
}

impl Dmirror {
    fn drop_pages<C: Context>(&self, cx: &mut C) -> Result<(), C::Refusal> {
        *self.table.acquire(cx)? = None;
        Ok(())
    }
}

struct OfInterval(Arc<Dmirror>);
struct OfProcess(Arc<Dmirror>);

impl InvalidateInterval for OfInterval {
    fn invalidate_interval<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.0.drop_pages(cx)
    }
}

impl Invalidate for OfProcess {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.0.drop_pages(cx)
    }
}

fn both(cx: &mut Sleepable) -> Result<(), Errno> {
    let process = Process::new();
    let range = Range::with_len(0x10_0000, PAGE_SIZE)?;
    process.map(range, cx)?;
    let page = process.mm().page(range.start(), cx)?;
    let device = Arc::new(Dmirror { table: Mutex::new(Some(page), cx)? }, cx)?;
    let interval = process.mm().subscribe_interval(range, OfInterval(Arc::clone(&device)), cx)?;
    let list = process.mm().subscribe(OfProcess(Arc::clone(&device)), cx)?;

    let job = device.table.lock(cx);
    assert_eq!(process.try_discard(range, cx), Err(WouldBlock));
    assert!(job.is_some());
    drop(job);
    assert_eq!(cx.non_block(|nb| process.try_discard(range, nb)), Ok(()));
    assert!(device.table.lock(cx).is_none());
    list.unsubscribe(cx);
    interval.unsubscribe(cx);
    Ok(())
}

fn main() {
    nonblock::sleepable(both).unwrap();
}
