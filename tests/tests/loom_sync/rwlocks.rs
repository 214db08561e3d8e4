//! There is one writer or many readers, and no writer comes between an upgradable reader and its upgrade.

use std::sync::Arc;

use nonblock_tests::model::explore;

use crate::sync::{
    RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard, SpinRwLock,
};
use crate::token::lend_sleepable;
use crate::{Guarded, non_block, spawn};

#[test]
fn a_writer_is_alone_and_readers_see_whole_changes() {
    explore(3, || {
        let lock = Arc::new(RwLock::new([(); 2].map(|()| Guarded::default())));
        let writer = spawn(&lock, |lock, cx| {
            let values = lock.write(cx);
            values[0].add(1);
            values[1].add(1);
        });
        let reader = spawn(&lock, |lock, cx| {
            let values = lock.read(cx);
            assert_eq!(values[0].read(), values[1].read());
        });
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| {
            if let Ok(values) = lock.acquire_read(nb) {
                assert_eq!(values[0].read(), values[1].read());
            }
            if let Ok(values) = lock.acquire_write(nb) {
                values.iter().for_each(|value| value.add(1));
            }
        });
        writer.join().unwrap();
        reader.join().unwrap();
        let values = lock.read(cx);
        assert!((1..=2).contains(&values[0].read()));
        assert_eq!(values[0].read(), values[1].read());
    });
}

#[test]
fn nobody_writes_between_an_upgradable_reader_and_its_upgrade() {
    explore(2, || {
        let lock = Arc::new(RwLock::new(Guarded::default()));
        let upgrading = |lock: &RwLock<Guarded>, cx: &mut crate::Sleepable| {
            let reader = lock.upgradable_read(cx);
            let before = reader.read();
            let writer = RwLockUpgradableReadGuard::upgrade(reader, cx);
            assert_eq!(writer.read(), before);
            writer.add(1);
            let reader = RwLockWriteGuard::downgrade(writer);
            assert_eq!(reader.read(), before + 1);
        };
        let others = [
            spawn(&lock, upgrading),
            spawn(&lock, |lock, cx| {
                let reader = lock.read(cx);
                assert_eq!(reader.read(), reader.read());
            }),
        ];
        upgrading(&lock, &mut lend_sleepable());
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(lock.try_read().unwrap().read(), 2);
    });
}

#[test]
fn an_upgrade_that_is_refused_leaves_the_reader_as_it_was() {
    explore(3, || {
        let lock = Arc::new(RwLock::new(Guarded::default()));
        let reader = spawn(&lock, |lock, cx| lock.read(cx).read());
        let cx = &mut lend_sleepable();
        let upgradable = lock.upgradable_read(cx);
        match RwLockUpgradableReadGuard::try_upgrade(upgradable) {
            Ok(writer) => {
                writer.add(1);
                // No other writer can have come between.
                assert_eq!(RwLockWriteGuard::downgrade_to_upgradable(writer).read(), 1);
            }
            Err(upgradable) => {
                assert_eq!(RwLockUpgradableReadGuard::downgrade(upgradable).read(), 0)
            }
        }
        assert!(reader.join().unwrap() <= 1);
    });
}

#[test]
fn a_lock_that_is_let_go_for_a_while_is_held_again() {
    explore(3, || {
        let lock = Arc::new(RwLock::new(Guarded::default()));
        let writer = spawn(&lock, |lock, cx| {
            let mut writer = lock.write(cx);
            writer.add(1);
            RwLockWriteGuard::unlocked(&mut writer, cx, |cx| lock.write(cx).add(1));
            writer.add(1);
        });
        let cx = &mut lend_sleepable();
        let mut reader = lock.read(cx);
        let before = reader.read();
        RwLockReadGuard::unlocked(&mut reader, cx, |cx| lock.write(cx).add(1));
        assert!(reader.read() > before);
        drop(reader);
        writer.join().unwrap();
        assert_eq!(lock.read(cx).read(), 4);
    });
}

/// That the sections outlast the lock, the raw lock of the model asserts whenever it is taken or released.
#[test]
fn a_spinning_one_is_held_in_sections_only() {
    explore(3, || {
        let lock = Arc::new(SpinRwLock::new(Guarded::default()));
        let writer = spawn(&lock, |lock, cx| lock.with_write(cx, |value, _nb| value.add(1)));
        let reader = spawn(&lock, |lock, cx| {
            non_block(cx, |nb| lock.try_read(nb).map_or(0, |value| value.read()))
        });
        let cx = &mut lend_sleepable();
        non_block(cx, |nb| lock.write(nb).add(1));
        writer.join().unwrap();
        assert!(reader.join().unwrap() <= 2);
        assert_eq!(lock.with_read(cx, |value, _nb| value.read()), 2);
    });
}
