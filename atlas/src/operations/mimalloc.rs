use std::alloc::{GlobalAlloc, Layout};

use mimalloc::MiMalloc;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "mimalloc",
    operations: &[
        Operation::new(Memory, "alloc, and dealloc, 64 bytes", small)
            .instead(RESERVE)
            .note("it takes and gives back what it keeps for the thread, until that is used up"),
        Operation::new(Memory, "alloc, and dealloc, 32 MiB", large)
            .instead(RESERVE),
        Operation::new(Memory, "alloc, 4 KiB, and nothing given back", grow)
            .instead(RESERVE)
            .note("until what it has reserved is used up; each new page is a page fault"),
        Operation::new(Memory, "dealloc, of what another thread allocated", foreign)
            .note("it is left to the thread that allocated it"),
    ],
};

fn small(bench: Bench<'_>) {
    let layout = Layout::new::<[u64; 8]>();
    bench.call(&|| {
        // SAFETY: the layout is not empty.
        let memory = unsafe { MiMalloc.alloc(black_box(layout)) };
        // SAFETY: it was got so.
        unsafe { MiMalloc.dealloc(black_box(memory), layout) };
    });
}

fn large(bench: Bench<'_>) {
    let layout = Layout::new::<[u8; 32 << 20]>();
    bench.call(&|| {
        // SAFETY: the layout is not empty.
        let memory = unsafe { MiMalloc.alloc(black_box(layout)) };
        // SAFETY: it was got so.
        unsafe { MiMalloc.dealloc(black_box(memory), layout) };
    });
}

fn grow(bench: Bench<'_>) {
    let layout = Layout::new::<[u8; 4096]>();
    // SAFETY: the layout is not empty.
    bench.call(&|| _ = black_box(unsafe { MiMalloc.alloc(black_box(layout)) }));
}

fn foreign(bench: Bench<'_>) {
    let layout = Layout::new::<[u64; 8]>();
    let memory = InTurn::new(None);
    // SAFETY: the layout is not empty.
    let allocate = || memory.put(AnyThread(unsafe { MiMalloc.alloc(layout) }));
    // Not by the thread that counts.
    bench.prepare(&|| meanwhile(&allocate)).call(&|| {
        // SAFETY: it was got so.
        unsafe { MiMalloc.dealloc(memory.take().0, layout) };
    });
}
