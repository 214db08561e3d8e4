//! Two GPUs that each take 20 ms to flush: told in one pass, and in two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nonblock::{Context, Sleepable, may_sleep, thread};
use nonblock_mm::mmu::{AddressSpace, Event, InvalidateInterval, PAGE_SIZE, Range};
use xe_userptr::{TlbInval, Userptr, UserptrVma};

const FLUSH: Duration = Duration::from_millis(20);

/// A device: it answers each request after a while.
fn flush(gpu: &TlbInval, running: &AtomicBool, cx: &mut Sleepable) {
    while running.load(Ordering::Relaxed) {
        let seqno = gpu.submitted();
        if !gpu.is_done(seqno) {
            thread::sleep(cx, FLUSH);
            gpu.done(seqno);
        }
        thread::yield_now(cx);
    }
}

/// The same driver in one pass.
struct OnePass(Arc<Userptr>);

impl InvalidateInterval for OnePass {
    fn invalidate_interval<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let seqno = self.0.zap(range, cx);
        self.0.tlb_inval().wait(seqno, cx.or_refuse()?);
        Ok(())
    }
}

#[may_sleep(cx)]
fn main() {
    let range = Range::with_len(0x10_0000, 4 * PAGE_SIZE).expect("whole pages");
    let gpus = [(); 2].map(|()| Arc::<TlbInval>::default());
    let running = AtomicBool::new(true);
    thread::scope(cx, |scope, cx| {
        for gpu in &gpus {
            let running = &running;
            scope.spawn(move |cx| flush(gpu, running, cx));
        }
        let [in_one, in_two] = [AddressSpace::new(), AddressSpace::new()];
        let vmas = gpus.each_ref().map(|gpu| {
            UserptrVma::setup(&in_two, range, Arc::clone(gpu), cx).expect("a live space")
        });
        let _one_pass = vmas.each_ref().map(|vma| {
            let one_pass = Arc::new(OnePass(Arc::clone(vma.userptr())));
            in_one.subscribe_interval(range, one_pass, cx).expect("a live space")
        });
        for (name, space) in [("one pass", &in_one), ("two passes", &in_two)] {
            for vma in &vmas {
                vma.page_fault(range.start(), cx, |address, _cx| address as u64);
            }
            let before = Instant::now();
            drop(space.invalidate(range, Event::Unmap, cx));
            println!("{name:<12}{:>4} ms", before.elapsed().as_millis());
        }
        running.store(false, Ordering::Relaxed);
    });
}
