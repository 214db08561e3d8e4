use std::time::Duration;

use crossbeam_utils::atomic::AtomicCell;
use crossbeam_utils::sync::{Parker, ShardedLock};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "crossbeam-utils",
    operations: &[
        Operation::new(Read, "atomic::AtomicCell<u64>::load", load),
        Operation::new(Read, "atomic::AtomicCell<[u64; 4]>::load", load_large)
            .instead(RCU)
            .paths(&["crossbeam_utils::atomic::AtomicCell::load"]),
        Operation::new(Read, "sync::ShardedLock::try_read", try_read),
        Operation::new(Wake, "sync::Unparker::unpark, it is parked", unpark)
            .instead(UNPARK)
            .paths(&["crossbeam_utils::sync::Unparker::unpark"]),
        Operation::new(Wake, "sync::Parker::park_timeout, no time", park)
            .instead("the end of the section")
            .paths(&["crossbeam_utils::sync::Parker::park_timeout"]),
    ],
};

fn load(bench: Bench<'_>) {
    let cell = AtomicCell::new(1_u64);
    bench.peer("`store`", &|| cell.store(2)).call(&|| _ = black_box(cell.load()));
}

fn load_large(bench: Bench<'_>) {
    let cell = AtomicCell::new([1_u64; 4]);
    bench.peer("`store`", &|| cell.store([2; 4])).call(&|| _ = black_box(cell.load()));
}

fn try_read(bench: Bench<'_>) {
    let lock = ShardedLock::new(1_u64);
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.write();
            stand_still();
        })
        .call(&|| _ = black_box(lock.try_read().is_ok()));
}

fn unpark(bench: Bench<'_>) {
    let parker = Parker::new();
    let unparker = parker.unparker().clone();
    let sleeper = Sleeper::start(move || parker.park());
    let beside = Parker::new();
    let other = beside.unparker().clone();
    let beside = InTurn::new(beside);
    bench
        .prepare(&|| sleeper.falls_asleep())
        // It is not to find that it was told before.
        .after(&|| beside.with(|parker| parker.park_timeout(Duration::from_nanos(1))))
        .peer("one who begins to park, for a moment", &|| {
            beside.with(|parker| parker.park_timeout(Duration::from_millis(20)));
        })
        .call(&|| {
            unparker.unpark();
            other.unpark();
        });
}

fn park(bench: Bench<'_>) {
    let parker = InTurn::new(Parker::new());
    bench.call(&|| parker.with(|parker| parker.park_timeout(Duration::ZERO)));
}
