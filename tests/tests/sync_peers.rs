//! Cases from the tests of std, `parking_lot` and `crossbeam-channel` that the other files here do not cover.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::sync::channel::{self, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use nonblock::sync::{
    Condvar, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard, Semaphore, SpinLock,
};
use nonblock::{Sleepable, WouldBlock, non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);

/// Counts its drops.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_locks_value_is_dropped_once_whether_taken_out_or_not() {
    let drops = AtomicUsize::new(0);
    drop(Mutex::new(Counted(&drops)));
    drop(SpinLock::new(Counted(&drops)));
    drop(RwLock::new(Counted(&drops)));
    let taken = [
        Mutex::new(Counted(&drops)).into_inner(),
        SpinLock::new(Counted(&drops)).into_inner(),
        RwLock::new(Counted(&drops)).into_inner(),
    ];
    assert_eq!(drops.load(Ordering::Relaxed), 3);
    drop(taken);
    assert_eq!(drops.load(Ordering::Relaxed), 6);

    drop(OnceLock::<Counted<'_>>::new());
    assert_eq!(drops.load(Ordering::Relaxed), 6);
    drop(OnceLock::from(Counted(&drops)));
    assert_eq!(drops.load(Ordering::Relaxed), 7);
}

#[test]
fn a_lock_may_hold_another() {
    let nested = Mutex::new(RwLock::new(Mutex::new(1)));
    sleepable(|cx| {
        let outer = nested.lock(cx);
        let middle = outer.read(cx);
        *middle.lock(cx) += 1;
    });
    assert_eq!(nested.into_inner().into_inner().into_inner(), 2);
}

#[test]
fn a_destructor_takes_locks_while_its_thread_unwinds() {
    struct Unwinder<'a>(&'a Mutex<u32>, &'a RwLock<u32>, &'a SpinLock<u32>);

    impl Drop for Unwinder<'_> {
        fn drop(&mut self) {
            *self.0.try_lock().unwrap() += 1;
            raw::sleepable(|cx| *self.1.write(cx) += 1);
            non_block(|nb| *self.2.lock(nb) += 1);
        }
    }

    let (mutex, lock, spin) = (Mutex::new(0), RwLock::new(0), SpinLock::new(0));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _unwinder = Unwinder(&mutex, &lock, &spin);
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    assert_eq!((mutex.into_inner(), lock.into_inner(), spin.into_inner()), (1, 1, 1));
}

#[test]
fn a_threads_locals_take_locks_when_it_ends() {
    static ENDED: Mutex<u32> = Mutex::new(0);

    struct Last;

    impl Drop for Last {
        fn drop(&mut self) {
            sleepable(|cx| *ENDED.lock(cx) += 1);
        }
    }

    thread_local! {
        static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    sleepable(|cx| {
        let ended = thread::spawn(|cx| {
            LAST.with_borrow_mut(|last| *last = Some(Last));
            *ENDED.lock(cx) += 1;
        });
        ended.join(cx).unwrap();
        assert_eq!(*ENDED.lock(cx), 2);
    });
}

#[test]
fn guards_are_shared_by_threads_and_do_not_hide_the_values_methods() {
    fn is_sync<T: Sync>() {}
    is_sync::<MutexGuard<'_, u32>>();
    is_sync::<RwLockReadGuard<'_, u32>>();
    is_sync::<RwLockWriteGuard<'_, u32>>();
    // The value's own method, not one of the guard's.
    let shared = RwLock::new(Arc::new(5));
    let copy: Arc<u32> = sleepable(|cx| shared.read(cx).clone());
    assert_eq!(*copy, 5);
}

/// A reader that comes while a writer waits does not pass it; one that tries is refused.
#[test]
fn readers_do_not_pass_a_writer_that_waits() {
    let lock = RwLock::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let reader = lock.read(cx);
            let writer = scope.spawn(|cx| *lock.write(cx) = 1);
            while lock.try_read().is_some() {
                thread::yield_now(cx);
            }
            assert_eq!(cx.non_block(|nb| lock.acquire_read(nb).err()), Some(WouldBlock));
            drop(reader);
            writer.join(cx).unwrap();
            assert_eq!(*lock.read(cx), 1);
        });
    });
}

#[test]
fn a_writer_that_becomes_a_reader_lets_other_readers_in_and_no_writer() {
    if nonblock::lockdep::ENABLED {
        // It joins threads that take what it holds. It lets them have it, but another time might not: that is reported.
        return;
    }
    let lock = RwLock::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let mut writer = lock.write(cx);
            *writer = 1;
            let readers: Vec<_> = (0..4).map(|_| scope.spawn(|cx| *lock.read(cx))).collect();
            thread::sleep(cx, SHORT);
            let mine = RwLockWriteGuard::downgrade(writer);
            for reader in readers {
                // Joined while this thread still reads.
                assert_eq!(reader.join(cx).unwrap(), 1);
            }
            assert!(lock.try_write().is_none());
            drop(mine);
        });
    });
}

#[test]
fn an_upgradable_reader_is_acquired_waited_for_and_upgraded_in_time() {
    let lock = RwLock::new(0);
    sleepable(|cx| {
        let Ok(upgradable) = lock.acquire_upgradable_read(cx);
        assert!(lock.try_upgradable_read_for(cx, SHORT).is_none());
        let refused = cx.non_block(|nb| lock.acquire_upgradable_read(nb).err());
        assert_eq!(refused, Some(WouldBlock));

        let reader = lock.try_read().unwrap();
        let Err(upgradable) = RwLockUpgradableReadGuard::try_upgrade_for(upgradable, cx, SHORT)
        else {
            panic!("others read");
        };
        drop(reader);
        let Ok(mut writer) = RwLockUpgradableReadGuard::try_upgrade_for(upgradable, cx, SHORT)
        else {
            panic!("nobody reads");
        };
        *writer = 1;
        drop(writer);
        assert_eq!(lock.try_upgradable_read_for(cx, SHORT).as_deref(), Some(&1));
        cx.non_block(|nb| assert_eq!(lock.acquire_upgradable_read(nb).as_deref(), Ok(&1)));
    });
}

/// A holder that is busy for long hands the lock to whoever waits.
#[test]
fn a_bumped_lock_is_had_by_who_waits_and_held_again() {
    fn let_one_in(
        cx: &mut Sleepable,
        other: impl FnOnce(&mut Sleepable) + Send,
        mut bump_until_it_was_in: impl FnMut(&mut Sleepable) -> bool,
    ) {
        thread::scope(cx, |scope, cx| {
            let other = scope.spawn(other);
            while !bump_until_it_was_in(cx) {
                thread::yield_now(cx);
            }
            other.join(cx).unwrap();
        });
    }

    if nonblock::lockdep::ENABLED {
        // It joins threads that take what it holds. It lets them have it, but another time might not: that is reported.
        return;
    }
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    sleepable(|cx| {
        let mut held = mutex.lock(cx);
        let_one_in(
            cx,
            |cx| *mutex.lock(cx) = 1,
            |cx| {
                MutexGuard::bump(&mut held, cx);
                assert!(mutex.is_locked());
                *held == 1
            },
        );
        let mut writer = lock.write(cx);
        let_one_in(
            cx,
            |cx| *lock.write(cx) = 1,
            |cx| {
                RwLockWriteGuard::bump(&mut writer, cx);
                assert!(lock.is_locked_exclusive());
                *writer == 1
            },
        );
        drop(writer);
        let mut reader = lock.read(cx);
        let_one_in(
            cx,
            |cx| *lock.write(cx) = 2,
            |cx| {
                RwLockReadGuard::bump(&mut reader, cx);
                *reader == 2
            },
        );
    });
}

/// A condition variable serves one mutex after another, once nobody waits with the first; and one mutex has several.
#[test]
fn condition_variables_and_mutexes_are_joined_freely_one_after_another() {
    let (one, other, changed) = (Mutex::new(()), Mutex::new(()), Condvar::new());
    let second = Condvar::new();
    sleepable(|cx| {
        for mutex in [&one, &other] {
            let mut guard = mutex.lock(cx);
            assert!(changed.wait_for(cx, &mut guard, Duration::from_nanos(1)).timed_out());
            assert!(second.wait_for(cx, &mut guard, Duration::ZERO).timed_out());
        }
    });
}

/// The condition is asked once more when the time has run out.
#[test]
fn a_condition_that_came_with_the_end_of_the_time_counts() {
    let (value, changed) = (Mutex::new(0), Condvar::new());
    sleepable(|cx| {
        let mut value = value.lock(cx);
        let mut asked = 0;
        let result = changed.wait_while_for(
            cx,
            &mut value,
            |_| {
                asked += 1;
                asked < 2
            },
            Duration::from_millis(1),
        );
        assert!(!result.timed_out());
        assert_eq!(asked, 2);
    });
}

#[test]
fn a_time_of_zero_takes_what_is_there_and_a_time_without_end_does_not_overflow() {
    let (sender, receiver) = channel::bounded(1);
    let (mutex, permits) = (Mutex::new(()), Semaphore::new(1));
    sleepable(|cx| {
        assert_eq!(sender.send_timeout(cx, 1, Duration::ZERO), Ok(()));
        assert!(sender.send_timeout(cx, 2, Duration::ZERO).is_err());
        assert_eq!(receiver.recv_timeout(cx, Duration::ZERO), Ok(1));
        assert_eq!(receiver.recv_timeout(cx, Duration::ZERO), Err(RecvTimeoutError::Timeout));
        assert!(mutex.try_lock_for(cx, Duration::MAX).is_some());
        assert!(permits.down_timeout(cx, Duration::MAX));
        sender.send_timeout(cx, 3, Duration::MAX).unwrap();
        assert_eq!(receiver.recv_timeout(cx, Duration::MAX), Ok(3));
    });
}

#[test]
fn either_context_sends_and_receives() {
    let (sender, receiver) = channel::bounded(1);
    sleepable(|cx| {
        cx.non_block(|nb| {
            assert_eq!(receiver.recv_from(nb), Err(TryRecvError::Empty));
            assert_eq!(sender.send_from(nb, 1), Ok(()));
            assert_eq!(sender.send_from(nb, 2), Err(TrySendError::Full(2)));
        });
        thread::scope(cx, |scope, cx| {
            // Waits for room.
            let waiting = scope.spawn(|cx| sender.send_from(cx, 3));
            thread::sleep(cx, SHORT);
            assert_eq!(receiver.recv_from(cx), Ok(1));
            assert_eq!(receiver.recv_from(cx), Ok(3));
            assert_eq!(waiting.join(cx).unwrap(), Ok(()));
        });
        drop(sender);
        assert_eq!(receiver.recv_from(cx), Err(TryRecvError::Disconnected));
        cx.non_block(|nb| assert_eq!(receiver.recv_from(nb), Err(TryRecvError::Disconnected)));

        let (sender, receiver) = channel::bounded(1);
        drop(receiver);
        assert_eq!(sender.send_from(cx, 4), Err(TrySendError::Disconnected(4)));
        assert_eq!(sender.send(cx, 5), Err(SendError(5)));
    });
}

#[test]
fn a_channel_says_whether_it_is_full_and_whose_its_ends_are() {
    let (sender, receiver) = channel::bounded(1);
    let (other, unbounded) = channel::unbounded();
    assert!(!sender.is_full() && !receiver.is_full());
    sender.try_send(1).unwrap();
    other.try_send(1).unwrap();
    assert!(sender.is_full() && receiver.is_full());
    assert!(!other.is_full() && !unbounded.is_full());
    assert!(sender.same_channel(&sender.clone()) && receiver.same_channel(&receiver.clone()));
    assert!(!sender.same_channel(&other) && !receiver.same_channel(&unbounded));
}

/// Channels go through channels, and a value's destructor may use the channel it comes from.
#[test]
fn a_channel_goes_through_a_channel_and_is_used_in_a_destructor() {
    struct Answering(channel::Sender<&'static str>, Option<channel::Receiver<&'static str>>);

    impl Drop for Answering {
        fn drop(&mut self) {
            let _ = self.0.try_send("dropped");
        }
    }

    sleepable(|cx| {
        let (answers, heard) = channel::unbounded();
        let (sender, receiver) = channel::bounded(4);
        sender.send(cx, Answering(answers.clone(), Some(heard.clone()))).unwrap();
        let answering = receiver.recv(cx).unwrap();
        assert!(answering.1.as_ref().is_some_and(|through| through.same_channel(&heard)));
        drop(answering);
        sender.send(cx, Answering(answers, None)).unwrap();
        // Dropped with the channel, which it does not find locked.
        drop((sender, receiver));
        assert_eq!([heard.recv(cx).unwrap(), heard.recv(cx).unwrap()], ["dropped"; 2]);
        assert_eq!(heard.try_recv(), Err(TryRecvError::Disconnected));
    });
}

/// What is left when the last receiver goes may send into the channel that it was in.
#[test]
fn a_value_may_hold_a_sender_of_the_channel_that_it_is_in() {
    struct Again(channel::Sender<Option<Again>>);

    impl Drop for Again {
        fn drop(&mut self) {
            assert!(matches!(self.0.try_send(None), Err(TrySendError::Disconnected(None))));
        }
    }

    let (sender, receiver) = channel::unbounded();
    sender.try_send(Some(Again(sender.clone()))).unwrap();
    drop(receiver);
}

/// A destructor that panics loses its value only.
#[test]
fn a_destructor_that_panics_leaves_the_channel_usable() {
    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }

    for (sender, receiver) in [channel::bounded(4), channel::unbounded()] {
        sender.try_send(Some(Panics)).unwrap();
        let caught = catch_unwind(AssertUnwindSafe(|| drop(receiver.try_recv())));
        assert!(caught.is_err());
        sender.try_send(None).unwrap();
        assert!(matches!(receiver.try_recv(), Ok(None)));
    }
}

/// The list behind an unbounded channel is long, and released without a stack of that depth.
#[test]
fn a_long_channel_is_released_by_a_thread_of_a_small_stack() {
    let (sender, receiver) = channel::unbounded();
    for value in 0..200_000 {
        sender.try_send(value).unwrap();
    }
    let releasing =
        thread::Builder::new().stack_size(32 * 1024).spawn(move |_cx| drop(receiver)).unwrap();
    sleepable(|cx| releasing.join(cx).unwrap());
    assert_eq!(sender.len(), 0);
}

/// Whoever has sent finds a value there, with as many receivers as there are values: at once, unless another sender is
/// in the middle of putting one in.
#[test]
fn who_has_sent_can_receive() {
    for (sender, receiver) in [channel::bounded(4), channel::unbounded()] {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                for _ in 0..4 {
                    scope.spawn(|cx| {
                        for _ in 0..1000 {
                            sender.send(cx, 0).unwrap();
                            while receiver.try_recv().is_err() {
                                thread::yield_now(cx);
                            }
                        }
                    });
                }
            });
        });
    }
}

#[test]
fn either_context_acquires_a_value_that_is_made_once() {
    let value = OnceLock::new();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            assert_eq!(cx.non_block(|nb| value.acquire(nb).copied()), Err(WouldBlock));
            let waiting = scope.spawn(|cx| {
                let Ok(value) = value.acquire(cx);
                *value
            });
            thread::sleep(cx, SHORT);
            value.set(cx, 5).unwrap();
            assert_eq!(waiting.join(cx).unwrap(), 5);
            assert_eq!(cx.non_block(|nb| value.acquire(nb).copied()), Ok(5));
        });
    });
}
