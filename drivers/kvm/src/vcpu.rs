//! A virtual processor, and the translations that it caches.

use nonblock::sync::SpinLock;
use nonblock::{Context, NonBlock};

use crate::spte::{Gfn, Pfn};

/// How many translations a virtual processor caches.
const TLB_ENTRIES: usize = 16;

/// A virtual processor. In guest mode it holds the lock of its TLB, so a flush waits until it has left guest mode.
#[derive(Debug, Default)]
pub(crate) struct Vcpu {
    pub(crate) tlb: SpinLock<Tlb>,
}

/// The translations that a virtual processor caches.
#[derive(Debug, Default)]
pub(crate) struct Tlb {
    entries: [Option<(Gfn, Pfn)>; TLB_ENTRIES],
}

impl Tlb {
    pub(crate) fn look_up(&self, gfn: Gfn) -> Option<Pfn> {
        self.entries[gfn % TLB_ENTRIES].filter(|entry| entry.0 == gfn).map(|entry| entry.1)
    }

    pub(crate) fn fill(&mut self, gfn: Gfn, pfn: Pfn) {
        self.entries[gfn % TLB_ENTRIES] = Some((gfn, pfn));
    }
}

impl Vcpu {
    /// Runs a part of the guest in guest mode.
    pub(crate) fn enter_guest<C: Context, R>(
        &self,
        cx: &mut C,
        guest: impl FnOnce(&mut Tlb, &mut NonBlock) -> R,
    ) -> R {
        self.tlb.with(cx, guest)
    }

    /// Waits until the processor leaves guest mode, and clears its translations. Guest mode cannot sleep, so this only waits
    /// for running code.
    pub(crate) fn flush_tlb<C: Context>(&self, cx: &mut C) {
        self.tlb.with(cx, |tlb, _nb| *tlb = Tlb::default());
    }
}
