//! Orders of locks that are right, or look wrong and are not: silent, however often and on how many threads. With each is what
//! makes it wrong, where something does.
//!
//! The patterns are those of the tests of Linux (`lib/locking-selftest.c`, 6.12), of `parking_lot` and of the standard library.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use nonblock::sync::{
    Barrier, Mutex, MutexGuard, RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard, SpinLock,
    SpinRwLock,
};
use nonblock::{Sleepable, thread};
use nonblock_tests::waits::{circle, on_a_thread, silent, waits_for_itself};

/// Silent on one thread, and again on another.
#[track_caller]
fn always_silent(f: impl Fn(&mut Sleepable) + Sync) {
    silent(&f);
    on_a_thread(|| silent(&f));
}

#[test]
fn a_spinning_reader_reads_again() {
    let table = SpinRwLock::new(1);
    always_silent(|cx| {
        cx.non_block(|nb| {
            let one = table.read(nb);
            let two = table.read(nb);
            assert_eq!(*one, *two);
        });
    });
}

#[test]
fn spinning_readers_of_two_locks_in_both_orders() {
    let (table, journal) = (SpinRwLock::new(1), SpinRwLock::new(1));
    always_silent(|cx| {
        cx.non_block(|nb| {
            let both = (table.read(nb), journal.read(nb));
            drop(both);
            let both = (journal.read(nb), table.read(nb));
            drop(both);
        });
    });
    // Two readers are held up by two writers only, one of whom reads.
    circle(|cx| {
        cx.non_block(|nb| {
            let both = (table.write(nb), journal.read(nb));
            drop(both);
            let _written = journal.write(nb);
            let _read = table.read(nb);
        });
    });
}

#[test]
fn a_spinning_reader_between_a_lock_taken_in_both_orders() {
    // Whoever reads holds up nobody who reads.
    let (table, lock) = (SpinRwLock::new(1), SpinLock::new(1));
    always_silent(|cx| {
        cx.non_block(|nb| {
            let both = (table.read(nb), lock.lock(nb));
            drop(both);
            let both = (lock.lock(nb), table.read(nb));
            drop(both);
        });
    });
}

#[test]
fn two_of_one_name_in_one_order() {
    let accounts = [1, 2, 3].map(|sum| Mutex::new(sum).in_class("account by number"));
    always_silent(|cx| {
        for (from, to) in [(0, 1), (0, 2), (1, 2)] {
            let mut from = accounts[from].lock(cx);
            *accounts[to].lock(cx) += *from;
            *from = 0;
        }
    });
    circle(|cx| {
        let _from = accounts[2].lock(cx);
        drop(accounts[0].lock(cx));
    });
}

#[test]
fn two_names_for_what_is_made_at_one_place() {
    // The same depth of a tree, which is the order, as `mutex_lock_nested` has it.
    let level = |name| Mutex::new(()).in_class(name);
    let (parents, children) =
        ([level("parent"), level("parent")], [level("child"), level("child")]);
    always_silent(|cx| {
        for (parent, child) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
            let _parent = parents[parent].lock(cx);
            drop(children[child].lock(cx));
        }
    });
    circle(|cx| {
        let _child = children[0].lock(cx);
        drop(parents[0].lock(cx));
    });
}

#[test]
fn tries_in_any_order() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    always_silent(|cx| {
        let one = a.lock(cx);
        assert_eq!(*b.try_lock().unwrap(), 2);
        drop(one);
        let one = b.lock(cx);
        assert_eq!(*a.try_lock().unwrap(), 1);
        drop(one);
    });
}

#[test]
fn a_wait_while_what_was_tried_for_is_held() {
    // What a try got holds others up as anything does.
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    always_silent(|cx| {
        let _tried = a.try_lock().unwrap();
        drop(b.lock(cx));
    });
    circle(|cx| {
        let _held = b.lock(cx);
        drop(a.lock(cx));
    });
}

#[test]
fn a_wait_for_a_limited_time_in_the_opposite_order() {
    let (a, b) = (Mutex::new(1), RwLock::new(2));
    let soon = std::time::Duration::from_secs(1);
    always_silent(|cx| {
        let one = a.lock(cx);
        drop(b.write(cx));
        drop(one);
        let one = b.read(cx);
        drop(a.try_lock_for(cx, soon).unwrap());
        drop(one);
    });
}

/// A list whose nodes have locks, each for the link to the next.
struct Node {
    next: Mutex<Option<Arc<Node>>>,
}

impl Node {
    fn list(len: usize) -> Arc<Self> {
        let node = |next| Arc::new(Self { next: Mutex::new(next) });
        (1..len).fold(node(None), |next, _| node(Some(next)))
    }

    /// Walks hand over hand: the lock of a node is let go when that of the next is held.
    fn walk(self: &Arc<Self>, cx: &mut Sleepable) -> usize {
        fn behind(held: &MutexGuard<'_, Option<Arc<Node>>>, cx: &mut Sleepable) -> usize {
            let Some(next) = held.as_ref() else { return 0 };
            let guard = next.next.lock(cx);
            1 + behind(&guard, cx)
        }
        let guard = self.next.lock(cx);
        1 + behind(&guard, cx)
    }
}

#[test]
fn a_list_walked_with_all_nodes_locked() {
    let list = Node::list(12);
    always_silent(|cx| assert_eq!(list.walk(cx), 12));
}

#[test]
fn a_list_walked_after_nodes_were_freed_and_made_anew() {
    // The new nodes have the addresses of freed ones, in other orders.
    always_silent(|cx| {
        for len in [5, 3, 8, 2, 13, 4, 9] {
            for _ in 0..20 {
                let lists: Vec<_> = (0..3).map(|more| Node::list(len + more)).collect();
                for (more, list) in lists.iter().enumerate() {
                    assert_eq!(list.walk(cx), len + more);
                }
            }
        }
    });
}

#[test]
fn a_list_turned_round_is_another_only_if_its_nodes_are() {
    let nodes: Vec<_> = (0..4).map(|_| Mutex::new(())).collect();
    let walk = |order: [usize; 4], cx: &mut Sleepable| {
        let mut held = nodes[order[0]].lock(cx);
        for at in &order[1..] {
            let next = nodes[*at].lock(cx);
            held = next;
        }
        drop(held);
    };
    always_silent(|cx| walk([0, 1, 2, 3], cx));
    // Only the last step goes back.
    circle(|cx| walk([1, 2, 3, 0], cx));
}

#[test]
fn a_lock_that_moves_between_uses() {
    always_silent(|cx| {
        let other = Mutex::new(());
        let mut locks = Vec::new();
        for number in 0..40 {
            // The vector moves all that it has when it grows.
            locks.push(Mutex::new(number));
            let (older, newest) = (&locks[0], &locks[number]);
            let held = older.lock(cx);
            if number > 0 {
                drop(newest.lock(cx));
            }
            drop(other.lock(cx));
            drop(held);
        }
        locks.reverse();
        let held = locks[39].lock(cx);
        drop(locks[0].lock(cx));
        drop(held);
    });
}

#[test]
fn a_lock_upgraded_and_downgraded() {
    let (table, journal) = (RwLock::new(1), Mutex::new(1));
    always_silent(|cx| {
        let read = table.upgradable_read(cx);
        drop(journal.lock(cx));
        let mut written = RwLockUpgradableReadGuard::upgrade(read, cx);
        *written += 1;
        drop(journal.lock(cx));
        let read = RwLockWriteGuard::downgrade(written);
        drop(journal.lock(cx));
        drop(read);
        let written = table.write(cx);
        let read = RwLockWriteGuard::downgrade_to_upgradable(written);
        drop(journal.lock(cx));
        drop(RwLockUpgradableReadGuard::try_upgrade(read));
    });
    circle(|cx| {
        let _journal = journal.lock(cx);
        drop(table.read(cx));
    });
}

/// Two of them cannot be at once, so it waits for no other who does the same. Readers can be.
#[test]
fn a_lock_upgraded_with_a_mutex_that_only_its_upgradable_reader_takes() {
    let (table, journal) = (RwLock::new(1), Mutex::new(1));
    always_silent(|cx| {
        let read = table.upgradable_read(cx);
        let held = journal.lock(cx);
        let written = RwLockUpgradableReadGuard::upgrade(read, cx);
        drop(held);
        // What is held besides is waited for no later than the writer.
        drop(journal.lock(cx));
        drop(written);
    });
    let with_reader = |cx: &mut Sleepable| {
        let _read = table.read(cx);
        drop(journal.lock(cx));
    };
    circle(with_reader);
}

#[test]
fn a_lock_upgraded_with_a_mutex_that_a_reader_takes() {
    let (table, journal) = (RwLock::new(1), Mutex::new(1));
    always_silent(|cx| {
        let _read = table.read(cx);
        drop(journal.lock(cx));
    });
    circle(|cx| {
        let read = table.upgradable_read(cx);
        let _held = journal.lock(cx);
        drop(RwLockUpgradableReadGuard::upgrade(read, cx));
    });
}

#[test]
fn what_is_held_while_a_lock_is_upgraded_does_not_depend_on_what_comes_after_by_the_lock_alone() {
    let (table, journal, last) = (RwLock::new(1), Mutex::new(1), Mutex::new(1));
    always_silent(|cx| {
        let read = table.upgradable_read(cx);
        let _held = journal.lock(cx);
        let _written = RwLockUpgradableReadGuard::upgrade(read, cx);
        drop(last.lock(cx));
    });
    circle(|cx| {
        let _last = last.lock(cx);
        drop(journal.lock(cx));
    });
}

#[test]
fn upgrades_among_locks_of_one_class() {
    let tables: Vec<_> = (0..2).map(|number| RwLock::new(number)).collect();
    always_silent(|cx| {
        let read = tables[0].upgradable_read(cx);
        let _other = tables[1].write(cx);
        drop(RwLockUpgradableReadGuard::upgrade(read, cx));
    });
    circle(|cx| {
        let _other = tables[1].write(cx);
        drop(tables[0].upgradable_read(cx));
    });
}

#[test]
fn locks_that_the_standard_library_makes_have_classes_of_their_own() {
    let [one, other] = [1, 2].map(Mutex::new);
    let (shared, more) = (Arc::<Mutex<u32>>::default(), Arc::<Mutex<u32>>::default());
    let journal = Mutex::new(0);
    always_silent(|cx| {
        for lock in [&one, &*shared] {
            let _held = lock.lock(cx);
            drop(journal.lock(cx));
        }
        for lock in [&other, &*more] {
            let _held = journal.lock(cx);
            drop(lock.lock(cx));
        }
    });
    let text = circle(|cx| {
        let _held = journal.lock(cx);
        drop(one.lock(cx));
    })
    .to_string();
    assert!(text.contains("a wait for the Mutex number "), "{text}");
    assert!(!text.contains("library/core"), "{text}");
}

#[test]
fn a_lock_upgraded_while_another_of_its_readers_reads_elsewhere() {
    let table = RwLock::new(1);
    silent(|cx| {
        let together = Barrier::new(2);
        thread::scope(cx, |scope, _| {
            scope.spawn(|cx| {
                let read = table.read(cx);
                drop(read);
                together.wait(cx);
            });
            scope.spawn(|cx| {
                let upgradable = table.upgradable_read(cx);
                together.wait(cx);
                drop(RwLockUpgradableReadGuard::upgrade(upgradable, cx));
            });
        });
    });
}

#[test]
fn the_opposite_order_while_the_mutex_is_unlocked() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    always_silent(|cx| {
        let mut held = a.lock(cx);
        drop(b.lock(cx));
        MutexGuard::unlocked(&mut held, cx, |cx| {
            // It comes after neither, so it may be taken in any order with both.
            let other = b.lock(cx);
            drop(other);
        });
        drop(held);
    });
    circle(|cx| {
        let mut held = a.lock(cx);
        let mut other = None;
        MutexGuard::unlocked(&mut held, cx, |cx| other = Some(b.lock(cx)));
    });
}

#[test]
fn a_mutex_unlocked_with_a_later_one_held() {
    // The mutex is waited for again, with what was taken after it still held.
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    circle(|cx| {
        let mut held = a.lock(cx);
        let _later = b.lock(cx);
        MutexGuard::unlocked(&mut held, cx, |_| {});
    });
}

#[test]
fn guards_that_are_mapped_and_dropped_in_any_order() {
    let (a, b, c) = (Mutex::new((1, 2)), RwLock::new([3, 4]), Mutex::new(5));
    always_silent(|cx| {
        let one = MutexGuard::map(a.lock(cx), |pair| &mut pair.1);
        let two = RwLockWriteGuard::map(b.write(cx), |array| &mut array[0]);
        let three = c.lock(cx);
        assert_eq!((*one, *two, *three), (2, 3, 5));
        drop(one);
        // Of what is held now, `a` is none.
        let one = a.try_lock().unwrap();
        drop((one, two));
        drop(three);
    });
    always_silent(|cx| {
        let one = a.lock(cx);
        let two = b.write(cx);
        drop(one);
        let three = c.lock(cx);
        drop(two);
        drop(three);
        let three = c.lock(cx);
        assert_eq!(*three, 5);
    });
}

#[test]
fn a_guard_that_is_dropped_by_unwinding() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    always_silent(|cx| {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let _held = a.lock(cx);
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(ended.is_err());
        // It is held no more.
        let other = b.lock(cx);
        drop(a.lock(cx));
        drop(other);
    });
}

#[test]
fn a_thread_that_waited_for_itself_holds_nothing_more() {
    let (a, b) = (Mutex::new(1), Mutex::new(2));
    waits_for_itself(|cx| {
        let _held = a.lock(cx);
        drop(a.lock(cx));
    });
    silent(|cx| {
        let _held = b.lock(cx);
        drop(a.lock(cx));
    });
}
