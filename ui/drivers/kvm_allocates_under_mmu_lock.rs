//! Law 4: the holder of a spin lock cannot allocate as one does who may sleep.

use kvm::{MmuMemoryCache, SptePage};
use nonblock::Sleepable;
use nonblock::sync::SpinLock;

struct Kvm {
    mmu_lock: SpinLock<Vec<Box<SptePage>>>,
    cache: MmuMemoryCache,
}

fn page_fault(kvm: &Kvm, cx: &mut Sleepable) {
    kvm.mmu_lock.with(cx, |table, nb| {
        kvm.cache.topup(nb);
        table.extend(kvm.cache.alloc(nb));
    });
}

fn main() {}
