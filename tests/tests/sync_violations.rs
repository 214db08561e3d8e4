//! Every operation that may sleep says so: reached in a section by a token that the compiler did not see, it is
//! reported at its caller, whether or not it had to wait.

use std::time::Duration;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::sync::{
    Barrier, Completion, Condvar, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore, channel,
};
use nonblock::testing::violations;
use nonblock::{MaySleep, Sleepable, raw, thread};

/// Runs the closure with a token in a section, which safe code can do under `raw` only.
fn in_a_section_all_the_same<R>(f: impl FnOnce(&mut Sleepable) -> R) -> R {
    raw::sleepable(|cx| {
        raw::non_block_start();
        let result = f(cx);
        raw::non_block_end();
        result
    })
}

/// Asserts that the expression, with a token `cx` in a section, is reported once, at its own line.
macro_rules! assert_reported {
    (|$cx:ident| $operation:expr) => {{
        let line = std::cell::Cell::new(0);
        let found = violations(|| {
            in_a_section_all_the_same(|$cx| {
                line.set(line!());
                let _ = $operation;
            });
        });
        let [violation] = &found[..] else { panic!("{}: {found:#?}", stringify!($operation)) };
        assert_eq!(violation.kind(), SleepInNonBlock);
        assert_eq!(violation.location().file(), file!());
        assert_eq!(violation.location().line(), line.get(), "{}", stringify!($operation));
    }};
}

#[test]
fn locks_are_reported() {
    let mutex = Mutex::new(0);
    assert_reported!(|cx| mutex.lock(cx));
    assert_reported!(|cx| mutex.acquire(cx));
    assert_reported!(|cx| mutex.try_lock_for(cx, Duration::ZERO));

    let lock = RwLock::new(0);
    assert_reported!(|cx| lock.read(cx));
    assert_reported!(|cx| lock.write(cx));
    assert_reported!(|cx| lock.upgradable_read(cx));
    assert_reported!(|cx| lock.acquire_read(cx));
    assert_reported!(|cx| lock.acquire_write(cx));
    assert_reported!(|cx| lock.try_read_for(cx, Duration::ZERO));
    assert_reported!(|cx| lock.try_write_for(cx, Duration::ZERO));
    assert_reported!(|cx| lock.acquire_upgradable_read(cx));
    assert_reported!(|cx| lock.try_upgradable_read_for(cx, Duration::ZERO));
}

#[test]
fn operations_on_guards_are_reported() {
    let mutex = Mutex::new(0);
    let mut guard = mutex.try_lock().unwrap();
    assert_reported!(|cx| MutexGuard::unlocked(&mut guard, cx, |_cx| ()));
    assert_reported!(|cx| MutexGuard::bump(&mut guard, cx));

    let lock = RwLock::new(0);
    let mut reader = lock.try_read().unwrap();
    assert_reported!(|cx| RwLockReadGuard::unlocked(&mut reader, cx, |_cx| ()));
    assert_reported!(|cx| RwLockReadGuard::bump(&mut reader, cx));
    drop(reader);
    let mut writer = lock.try_write().unwrap();
    assert_reported!(|cx| RwLockWriteGuard::unlocked(&mut writer, cx, |_cx| ()));
    assert_reported!(|cx| RwLockWriteGuard::bump(&mut writer, cx));
    drop(writer);
    let reader = lock.try_upgradable_read().unwrap();
    assert_reported!(|cx| RwLockUpgradableReadGuard::upgrade(reader, cx));
    let reader = lock.try_upgradable_read().unwrap();
    assert_reported!(|cx| RwLockUpgradableReadGuard::try_upgrade_for(reader, cx, Duration::ZERO));
}

#[test]
fn waits_are_reported() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut guard = mutex.try_lock().unwrap();
    assert_reported!(|cx| changed.wait_for(cx, &mut guard, Duration::ZERO));
    assert_reported!(|cx| changed.wait_while(cx, &mut guard, |_| false));
    assert_reported!(|cx| changed.wait_while_for(cx, &mut guard, |_| false, Duration::ZERO));
    raw::sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            scope.spawn(|cx| {
                // Got when the wait below lets go of it.
                *mutex.lock(cx) = 1;
                changed.notify_one();
            });
            // It is held to here only: the scope waits for a thread that takes it.
            let mut guard = guard;
            let guard = &mut guard;
            let found = violations(|| in_a_section_all_the_same(|cx| changed.wait(cx, guard)));
            assert_eq!(found.len(), 1);
        });
    });

    let fence = Completion::new();
    fence.complete_all();
    assert_reported!(|cx| fence.wait(cx));
    assert_reported!(|cx| fence.wait_for(cx, Duration::ZERO));
    assert_reported!(|cx| fence.acquire(cx));

    let permits = Semaphore::new(9);
    assert_reported!(|cx| permits.down(cx));
    assert_reported!(|cx| permits.down_timeout(cx, Duration::ZERO));
    assert_reported!(|cx| permits.acquire(cx));
    assert_reported!(|cx| permits.try_acquire_for(cx, Duration::ZERO));

    let barrier = Barrier::new(1);
    assert_reported!(|cx| barrier.wait(cx));

    let value = OnceLock::new();
    assert_reported!(|cx| value.set(cx, 1));
    assert_reported!(|cx| value.get_or_init(cx, |_cx| 2));
    assert_reported!(|cx| value.wait(cx));
    assert_reported!(|cx| value.acquire(cx));
}

#[test]
fn channels_are_reported() {
    for (sender, receiver) in [channel::bounded(9), channel::unbounded()] {
        assert_reported!(|cx| sender.send(cx, 1));
        assert_reported!(|cx| sender.send_timeout(cx, 2, Duration::ZERO));
        assert_reported!(|cx| receiver.recv(cx));
        assert_reported!(|cx| receiver.recv_timeout(cx, Duration::ZERO));
        sender.try_send(3).unwrap();
        assert_reported!(|cx| receiver.iter(cx).next());
        assert_reported!(|cx| sender.send_from(cx, 4));
        assert_reported!(|cx| receiver.recv_from(cx));
    }
}

#[test]
fn threads_are_reported() {
    thread::current().unpark();
    assert_reported!(|cx| thread::park(cx));
    assert_reported!(|cx| thread::park_timeout(cx, Duration::ZERO));
    assert_reported!(|cx| thread::yield_now(cx));
    assert_reported!(|cx| thread::available_parallelism(cx));
    assert_reported!(|cx| thread::sleep(cx, Duration::ZERO));
    let worker = thread::spawn(|_cx| ());
    assert_reported!(|cx| worker.join(cx));
    assert_reported!(|cx| thread::scope(cx, |_scope, _cx| ()));
}

#[test]
fn a_scope_whose_closure_leaves_a_section_open_is_reported_before_it_waits() {
    let mut line = 0;
    let found = violations(|| {
        raw::sleepable(|cx| {
            line = line!() + 1;
            thread::scope(cx, |_scope, _cx| raw::non_block_start());
            raw::non_block_end();
        });
    });
    let [violation] = &found[..] else { panic!("{found:?}") };
    assert_eq!(violation.kind(), SleepInNonBlock);
    assert_eq!((violation.location().file(), violation.location().line()), (file!(), line));
}

#[test]
fn a_value_that_may_sleep_is_reported() {
    let mut value = MaySleep::new(String::new());
    assert_reported!(|cx| value.get(cx));
    assert_reported!(|cx| value.get_mut(cx));
    assert_reported!(|cx| value.into_inner(cx));
}

#[test]
fn what_does_not_sleep_is_not_reported() {
    let mutex = Mutex::new(0);
    let lock = RwLock::new(0);
    let (changed, fence) = (Condvar::new(), Completion::new());
    let permits = Semaphore::new(1);
    let value = OnceLock::new();
    let (sender, receiver) = channel::bounded(1);
    let found = violations(|| {
        raw::non_block(|nb| {
            drop(MutexGuard::map(mutex.try_lock().unwrap(), |value| value));
            MutexGuard::unlock_fair(mutex.acquire(nb).unwrap());
            drop(lock.try_read());
            let writer = lock.try_write().unwrap();
            drop(RwLockWriteGuard::downgrade(writer));
            drop(lock.acquire_write(nb));
            let upgradable = lock.try_upgradable_read().unwrap();
            drop(RwLockUpgradableReadGuard::try_upgrade(upgradable));
            changed.notify_one();
            changed.notify_all();
            fence.complete();
            assert!(fence.try_wait().is_some() && fence.acquire(nb).is_err());
            fence.complete_all();
            fence.reinit();
            assert!(permits.try_down() && permits.try_acquire().is_none());
            permits.up();
            drop(permits.acquire(nb));
            let _ = value.try_set(1);
            assert!(value.get().is_some());
            sender.try_send(1).unwrap();
            assert!(sender.try_send(2).is_err());
            assert_eq!(receiver.try_iter().count(), 1);
            drop((sender.clone(), receiver.clone()));
            thread::current().unpark();
        });
    });
    assert!(found.is_empty(), "{found:?}");
}
