use crossbeam_epoch::{Atomic, Owned, pin};
use std::sync::atomic::Ordering::SeqCst;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "crossbeam-epoch",
    operations: &[
        Operation::new(Read, "pin, nobody removes", pin_only)
            .instead(RCU)
            .paths(&["crossbeam_epoch::pin"]),
        Operation::new(Read, "pin, while another thread removes", pin_beside_remover)
            .varies(&[("allocations", 0), ("frees", 0)])
            .instead(RCU)
            .paths(&["crossbeam_epoch::pin"]),
        Operation::new(HandOver, "Guard::defer_destroy", defer)
            .varies(&[("allocations", 0), ("frees", 0)])
            .instead(RCU)
            .paths(&["crossbeam_epoch::Guard::defer_destroy"]),
    ],
};

fn pin_only(bench: Bench<'_>) {
    bench.call(&|| drop(black_box(pin())));
}

/// Replaces the value, and leaves the old one to whoever collects.
fn replace(shared: &Atomic<u64>) {
    let guard = pin();
    let old = shared.swap(Owned::new(2), SeqCst, &guard);
    // SAFETY: nobody finds it any more.
    unsafe { guard.defer_destroy(old) };
}

fn pin_beside_remover(bench: Bench<'_>) {
    let shared = Atomic::new(1_u64);
    bench.call(&|| {
        meanwhile(&|| replace(&shared));
        let guard = pin();
        black_box(shared.load(SeqCst, &guard));
    });
}

fn defer(bench: Bench<'_>) {
    let shared = Atomic::new(1_u64);
    let next = InTurn::new(None);
    bench.prepare(&|| next.put(Owned::new(2_u64))).call(&|| {
        let guard = pin();
        let old = shared.swap(next.take(), SeqCst, &guard);
        // SAFETY: nobody finds it any more.
        unsafe { guard.defer_destroy(old) };
    });
}
