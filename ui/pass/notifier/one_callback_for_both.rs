//! One callback serves both callers: it waits for the one, and refuses the other.
#![deny(warnings)]

use std::sync::Arc;

use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Range};
use nonblock::{
    Context, NonBlock, WouldBlock, sleepable,
    sync::{Mutex, SpinLock},
};

struct Userptr {
    table: Mutex<Vec<Range>>,
    under_way: SpinLock<u32>,
}

impl Invalidate for Userptr {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.table.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
        self.under_way.with(cx, |under_way, _nb| *under_way += 1);
        Ok(())
    }

    fn finish(&self, _range: &Range, nb: &mut NonBlock) {
        *self.under_way.lock(nb) -= 1;
    }
}

fn main() {
    let range = Range::with_len(0x1000, 0x1000).unwrap();
    let driver = Arc::new(Userptr { table: Mutex::new(vec![range]), under_way: SpinLock::new(0) });
    let space = AddressSpace::new();
    sleepable(|cx| {
        let subscription = space.subscribe(driver.clone(), cx).unwrap();
        let held = driver.table.lock(cx);
        assert_eq!(space.try_invalidate(range, Event::Unmap, cx).err(), Some(WouldBlock));
        let refused = cx.non_block(|nb| space.try_invalidate(range, Event::Unmap, nb).err());
        assert_eq!(refused, Some(WouldBlock));
        drop(held);
        let invalidation = space.invalidate(range, Event::Unmap, cx);
        assert!(driver.table.lock(cx).is_empty());
        assert_eq!(driver.under_way.with(cx, |under_way, _nb| *under_way), 1);
        cx.non_block(|_nb| drop(invalidation));
        assert_eq!(driver.under_way.with(cx, |under_way, _nb| *under_way), 0);
        cx.non_block(|_nb| drop(subscription));
        space.synchronize(cx);
    });
}
