//! Locks of others, over raw locks of `lock_api`'s that are looked at.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::Violation;
use nonblock::ViolationKind::{CircularWait, WaitForItself};
use nonblock::lockdep::Raw;
use nonblock::sync::lock_api::{self, RawMutex as _, RawRwLock as _};
use nonblock::testing::{expect_violation, violations};

type Mutex<T> = lock_api::Mutex<Raw<parking_lot::RawMutex>, T>;
type RwLock<T> = lock_api::RwLock<Raw<parking_lot::RawRwLock<false>>, T>;
type RecursiveRwLock<T> = lock_api::RwLock<Raw<parking_lot::RawRwLock<true>>, T>;

fn silent(f: impl FnOnce()) {
    let violations = violations(f);
    assert!(violations.is_empty(), "{violations:#?}");
}

fn reported(f: impl FnOnce()) -> Violation {
    expect_violation(f)
}

#[test]
fn opposite_orders_are_reported_with_the_callers_places() {
    let (journal, table) = (Mutex::new(1), Mutex::new(2));
    silent(|| {
        let _journal = journal.lock();
        let _table = table.lock();
    });
    let line = line!() + 3;
    let violation = reported(|| {
        let _table = table.lock();
        let _journal = journal.lock();
    });
    assert_eq!((violation.kind(), violation.place().line()), (CircularWait, line));
    assert_eq!(violation.place().file(), file!());
    let chain = violation.dependencies();
    assert_eq!(chain.len(), 2);
    // Each has a class of its own, though all were made by one constant, which knows no place.
    assert_eq!((chain[0].from().made_at(), chain[0].from().name()), (None, None));
    assert!(chain[0].from().to_string().starts_with("the raw lock number "), "{violation}");
    assert_ne!(chain[0].from(), chain[1].from());
}

#[test]
fn locks_of_one_constant_are_no_class_together() {
    let (one, other, third) = (Mutex::new(1), Mutex::new(2), Mutex::new(3));
    silent(|| {
        let held = one.lock();
        drop(other.lock());
        drop(held);
        let held = third.lock();
        drop(one.lock());
        drop(held);
    });
}

#[test]
fn a_named_lock_shares_its_class_and_one_made_by_new_the_place() {
    let named =
        || Mutex::from_raw(Raw::new(parking_lot::RawMutex::INIT).in_class("shared table"), 0);
    let placed = || Mutex::from_raw(Raw::new(parking_lot::RawMutex::INIT), 0);
    let (table, place) = (named(), placed());
    silent(|| {
        let _held = table.lock();
        drop(place.lock());
    });
    let (table, place) = (named(), placed());
    let violation = reported(|| {
        let _held = place.lock();
        drop(table.lock());
    });
    assert_eq!(violation.kind(), CircularWait);
    let dependency = violation.dependencies()[1];
    assert_eq!(dependency.on().name(), Some("shared table"));
    assert_eq!(dependency.from().made_at().map(nonblock::Place::file), Some(file!()));
}

#[test]
fn a_mutex_that_its_holder_waits_for_is_reported_before_it_hangs() {
    let table = Mutex::new(1);
    let violation = reported(|| {
        let _held = table.lock();
        drop(table.lock());
    });
    assert_eq!(violation.kind(), WaitForItself);
    // What the wait ended by let go of the lock.
    silent(|| drop(table.lock()));
}

#[test]
fn readers_wait_for_a_writer_that_waits_unless_they_recur() {
    let lock = RwLock::new(1);
    let violation = reported(|| {
        let _held = lock.read();
        drop(lock.read());
    });
    assert_eq!(violation.kind(), WaitForItself);
    let raw = Raw::new(parking_lot::RawRwLock::<true>::INIT).readers_recur();
    let lock = RecursiveRwLock::from_raw(raw, 1);
    silent(|| {
        let _held = lock.read();
        drop(lock.read());
    });
    let violation = reported(|| {
        let _held = lock.read();
        drop(lock.write());
    });
    assert_eq!(violation.kind(), WaitForItself);
}

#[test]
fn what_is_tried_is_held_and_is_no_wait() {
    let (one, other) = (Mutex::new(1), Mutex::new(2));
    silent(|| {
        let _one = one.lock();
        assert!(other.try_lock().is_some());
        assert!(other.try_lock_for(core::time::Duration::from_millis(1)).is_some());
    });
    // Nothing depends on it yet.
    silent(|| {
        let _other = other.try_lock();
        drop(one.lock());
    });
    // But it was held then.
    let violation = reported(|| {
        let _one = one.lock();
        drop(other.lock());
    });
    assert_eq!(violation.kind(), CircularWait);
}

#[test]
fn an_upgrade_is_a_wait_and_a_downgrade_none() {
    let (one, other) = (RwLock::new(1), RwLock::new(2));
    silent(|| {
        let _one = one.read();
        drop(other.read());
    });
    let violation = reported(|| {
        let upgradable = one.upgradable_read();
        let _other = other.read();
        drop(lock_api::RwLockUpgradableReadGuard::upgrade(upgradable));
    });
    assert_eq!(violation.kind(), CircularWait);
    silent(|| {
        let third = RwLock::new(3);
        let writes = third.write();
        let reads = lock_api::RwLockWriteGuard::downgrade(writes);
        drop(reads);
        drop(third.write());
    });
}

#[test]
fn what_is_released_for_others_is_waited_for_again() {
    let (one, other) = (Mutex::new(1), Mutex::new(2));
    silent(|| {
        let _one = one.lock();
        drop(other.lock());
    });
    let violation = reported(|| {
        let mut one = one.lock();
        let _other = other.lock();
        lock_api::MutexGuard::bump(&mut one);
    });
    assert_eq!(violation.kind(), CircularWait);
    silent(|| {
        let one = one.lock();
        lock_api::MutexGuard::unlock_fair(one);
    });
}

#[test]
fn an_upgrade_that_a_report_ends_lets_go_of_the_lock() {
    let (one, other) = (RwLock::new(1), RwLock::new(2));
    drop((one.read(), other.read()));
    let upgradable = one.upgradable_read();
    let held = other.read();
    let upgrade = std::panic::AssertUnwindSafe(|| {
        drop(lock_api::RwLockUpgradableReadGuard::upgrade(upgradable));
    });
    assert!(std::panic::catch_unwind(upgrade).is_err());
    drop(held);
    assert!(!one.is_locked() && !other.is_locked());
}

#[test]
fn a_try_that_is_reported_does_not_leave_the_lock_taken() {
    let lock = lock_api::Mutex::<Raw<parking_lot::RawMutex>, u32>::new(0);
    nonblock::lockdep::signal_handler(|| drop(lock.lock()));
    // It is reported now that it is held where the handler could come. The report is written: the lock is taken already.
    let tried = catch_unwind(AssertUnwindSafe(|| drop(lock.try_lock())));
    assert!(tried.is_ok());
    assert!(!lock.is_locked());
}
