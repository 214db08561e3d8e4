// What the drivers' mistakes look like when they are mended: one callback each, for both callers.
#![deny(warnings)]

use std::sync::Arc;

use gntdev::{GrantMap, Hypervisor};
use kvm::{MmuMemoryCache, SptePage};
use mmu_rb::Fence;
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, PAGE_SIZE, Range};
use nonblock::sync::{Mutex, SpinLock};
use nonblock::work::{Full, Queue};
use nonblock::{Context, Sleepable, thread};

struct GntdevPriv {
    hypervisor: Hypervisor,
    lock: Mutex<Vec<GrantMap>>,
}

impl Invalidate for GntdevPriv {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let mut maps = self.lock.acquire(cx)?;
        maps.iter_mut().try_for_each(|map| map.unmap_if_in_range(&self.hypervisor, range, cx))
    }
}

struct Kvm {
    mmu_lock: SpinLock<Vec<Box<SptePage>>>,
    cache: MmuMemoryCache,
}

impl Kvm {
    fn page_fault(&self, cx: &mut Sleepable) {
        self.cache.topup(cx);
        self.mmu_lock.with(cx, |table, nb| table.extend(self.cache.alloc(nb)));
    }
}

impl Invalidate for Kvm {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        while self.mmu_lock.with(cx, |table, _nb| table.pop()).is_some() {
            if let Some(cx) = cx.as_sleepable() {
                thread::yield_now(cx);
            }
        }
        Ok(())
    }
}

struct MmuRbHandler {
    lock: SpinLock<Vec<Fence>>,
    wq: Queue<Fence>,
}

impl Invalidate for MmuRbHandler {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let full = self.lock.with(cx, |tree, nb| {
            while let Some(fence) = tree.pop() {
                if let Err(Full(fence)) = self.wq.push(nb, fence) {
                    tree.push(fence);
                    return true;
                }
            }
            false
        });
        if full { cx.or_refuse().map(drop) } else { Ok(()) }
    }
}

fn main() {
    let space = AddressSpace::new();
    let range = Range::with_len(0x10_0000, PAGE_SIZE).unwrap();
    let gntdev =
        GntdevPriv { hypervisor: Hypervisor::start().unwrap(), lock: Mutex::new(Vec::new()) };
    let kvm = Arc::new(Kvm {
        mmu_lock: SpinLock::new(Vec::new()),
        cache: MmuMemoryCache::with_capacity(1),
    });
    let handler = Arc::new(MmuRbHandler {
        lock: SpinLock::new(vec![Fence::default(), Fence::default()]),
        wq: Queue::with_capacity(1),
    });
    nonblock::sleepable(|cx| {
        let subscriptions = [
            space.subscribe(Arc::new(gntdev), cx).unwrap(),
            space.subscribe(kvm.clone(), cx).unwrap(),
            space.subscribe(handler.clone(), cx).unwrap(),
        ];
        kvm.page_fault(cx);
        assert!(space.try_invalidate(range, Event::Unmap, cx).is_err(), "room for one of two");
        assert!(kvm.mmu_lock.with(cx, |table, _nb| table.is_empty()));
        handler.wq.pop(cx).unwrap().wait(cx);
        assert!(space.try_invalidate(range, Event::Unmap, cx).is_ok(), "came back for it");
        for subscription in subscriptions {
            subscription.unsubscribe(cx);
        }
    });
}
