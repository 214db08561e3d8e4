use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "parking_lot",
    operations: &[
        Operation::new(Read, "Mutex::try_lock", try_lock),
        Operation::new(Read, "Mutex::lock", lock)
            .instead(TRY)
            .paths(&["lock_api::Mutex::lock"])
            .symbols(&["parking_lot::raw_mutex::RawMutex::lock_slow"]),
        Operation::new(Read, "Mutex::try_lock_for, no time, held", try_lock_for)
            .instead("`try_lock`")
            .paths(&["lock_api::Mutex::try_lock_for"]),
        Operation::new(Read, "Mutex::unlock, one waits", unlock_waiter)
            .instead("`nonblock::sync::Mutex::try_lock`"),
        Operation::new(Read, "RwLock::try_read", try_read),
        Operation::new(Read, "RwLock::read, a writer waits", read_behind_writer)
            .instead("`try_read`, or `read_recursive` if no writer holds it for long")
            .paths(&["lock_api::RwLock::read"])
            .symbols(&["parking_lot::raw_rwlock::RawRwLock::lock_shared_slow", "parking_lot::raw_rwlock::RawRwLock::lock_exclusive_slow"]),
        Operation::new(Wake, "Condvar::notify_one, nobody waits", notify),
        Operation::new(Wake, "Condvar::notify_one, one waits", notify_waiter)
            .instead(UNPARK)
            .paths(&["lock_api::Condvar::notify_one"]),
    ],
};

fn try_lock(bench: Bench<'_>) {
    let mutex = Mutex::new(0_u64);
    let try_lock = || _ = black_box(mutex.try_lock().map(|guard| *guard));
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .peer("`try_lock`", &try_lock)
        .call(&try_lock);
}

fn lock(bench: Bench<'_>) {
    let mutex = Mutex::new(0_u64);
    bench
        .holder("the holder of the lock", &|stand_still| {
            let _guard = mutex.lock();
            stand_still();
        })
        .call(&|| _ = black_box(*mutex.lock()));
}

fn try_lock_for(bench: Bench<'_>) {
    let mutex = Mutex::new(0_u64);
    let _held = mutex.lock();
    bench.call(&|| _ = black_box(mutex.try_lock_for(Duration::ZERO).is_some()));
}

fn unlock_waiter(bench: Bench<'_>) {
    static LOCK: Mutex<u64> = Mutex::new(0);
    let sleeper = Sleeper::start(|| {
        // It falls asleep here, and only here.
        drop(LOCK.lock());
        while !LOCK.is_locked() {
            std::thread::yield_now();
        }
    });
    let held = InTurn::new(None);
    bench
        .prepare(&|| {
            held.put(AnyThread(LOCK.lock()));
            sleeper.falls_asleep();
        })
        .peer("one who begins to wait, for a moment", &|| {
            _ = LOCK.try_lock_for(Duration::from_nanos(1));
        })
        .call(&|| drop(held.take()));
}

fn try_read(bench: Bench<'_>) {
    let lock = RwLock::new(0_u64);
    let try_read = || _ = black_box(lock.try_read().map(|guard| *guard));
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.write();
            stand_still();
        })
        .peer("`try_read`", &try_read)
        .call(&try_read);
}

fn read_behind_writer(bench: Bench<'_>) {
    let lock = RwLock::new(0_u64);
    bench
        .holder("a reader, behind whom a writer waits", &|stand_still| {
            let guard = lock.read();
            std::thread::scope(|scope| {
                scope.spawn(|| drop(lock.write()));
                std::thread::sleep(Duration::from_millis(100));
                stand_still();
                drop(guard);
            });
        })
        .call(&|| _ = black_box(*lock.read()));
}

fn notify(bench: Bench<'_>) {
    let condvar = Condvar::new();
    bench.call(&|| _ = condvar.notify_one());
}

fn notify_waiter(bench: Bench<'_>) {
    static STATE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    let sleeper = Sleeper::start(|| STATE.1.wait(&mut STATE.0.lock()));
    bench
        .prepare(&|| sleeper.falls_asleep())
        .peer("one who begins to wait, for a moment", &|| {
            STATE.1.wait_for(&mut STATE.0.lock(), Duration::from_nanos(1));
        })
        .call(&|| _ = STATE.1.notify_one());
}
