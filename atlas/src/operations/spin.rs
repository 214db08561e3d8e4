use spin::{Mutex, RwLock};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "spin",
    operations: &[
        Operation::new(Read, "Mutex::lock", lock)
            .instead("`nonblock::sync::SpinLock`, whose holder is in a section")
            .paths(&["spin::mutex::Mutex::lock"]),
        Operation::new(Read, "Mutex::try_lock", try_lock),
        Operation::new(Read, "RwLock::read", read)
            .instead(RCU)
            .paths(&["spin::rwlock::RwLock::read"]),
    ],
};

fn lock(bench: Bench<'_>) {
    let mutex = Mutex::<_>::new(0_u64);
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .call(&|| _ = black_box(*mutex.lock()));
}

fn try_lock(bench: Bench<'_>) {
    let mutex = Mutex::<_>::new(0_u64);
    let try_lock = || _ = black_box(mutex.try_lock().map(|guard| *guard));
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .peer("`try_lock`", &try_lock)
        .call(&try_lock);
}

fn read(bench: Bench<'_>) {
    let lock = RwLock::<_>::new(0_u64);
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.write();
            stand_still();
        })
        .call(&|| _ = black_box(*lock.read()));
}
