//! A driver of two passes, beside one of one pass; and a look-up in its turn.
#![deny(warnings)]

use std::sync::Arc;

use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, InvalidateInterval, InvalidateTwoPass, PAGE_SIZE, Range,
};
use nonblock::sync::{Mutex, SpinLock};
use nonblock::{Context, NonBlock, Sleepable, WouldBlock, sleepable};

#[derive(Default)]
struct Gpu {
    table: Mutex<Vec<usize>>,
    finished: SpinLock<Vec<&'static str>>,
}

impl InvalidateTwoPass for Gpu {
    type Operation = &'static str;

    fn invalidate_start<'cx, C: Context>(
        &self,
        range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, &'static str>>, C::Refusal> {
        let mut table = self.table.acquire(cx)?;
        if !table.iter().any(|page| range.contains(*page)) {
            return Ok(None);
        }
        let cx = cx.or_refuse()?;
        table.retain(|page| !range.contains(*page));
        Ok(Some(Finish::new("flushed", cx)))
    }

    fn invalidate_finish(&self, _: &Range, operation: &'static str, cx: &mut Sleepable) {
        self.finished.with(cx, |finished, _nb| finished.push(operation));
    }

    fn invalidate_end(&self, _: &Range, nb: &mut NonBlock) {
        self.finished.lock(nb).push("ended");
    }
}

impl InvalidateInterval for Gpu {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn main() {
    let (space, gpu) = (AddressSpace::new(), Arc::new(Gpu::default()));
    let range = Range::with_len(0, 4 * PAGE_SIZE).unwrap();
    sleepable(|cx| {
        // One driver can do both.
        let subscription = space.subscribe_two_pass(range, Arc::clone(&gpu), cx).unwrap();
        let _other = space.subscribe_interval(range, gpu.clone(), cx).unwrap();
        let installed = subscription.mirror(2, cx, |seq, cx| {
            let mut table = gpu.table.lock(cx);
            if subscription.read_retry(seq) {
                return None;
            }
            table.push(PAGE_SIZE);
            Some(table.len())
        });
        assert_eq!(installed, 1);
        let refused = cx.non_block(|nb| space.try_invalidate(range, Event::Unmap, nb).err());
        assert_eq!(refused, Some(WouldBlock));
        drop(space.invalidate(range, Event::Unmap, cx));
        assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok());
        let finished = gpu.finished.with(cx, |finished, _nb| finished.clone());
        assert_eq!(finished, ["flushed", "ended", "ended"]);
    });
}
