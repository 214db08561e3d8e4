//! Law 3: holding a spin lock borrows the right to sleep, so it is not there to allocate with.

use kvm::{MmuMemoryCache, SptePage};
use nonblock::Sleepable;
use nonblock::sync::SpinLock;

struct Kvm {
    mmu_lock: SpinLock<Vec<Box<SptePage>>>,
    cache: MmuMemoryCache,
}

fn page_fault(kvm: &Kvm, cx: &mut Sleepable) {
    kvm.mmu_lock.with(cx, |table, nb| {
        kvm.cache.topup(cx);
        table.extend(kvm.cache.alloc(nb));
    });
}

fn main() {}
