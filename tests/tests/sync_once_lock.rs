//! Values that are made once.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use nonblock::sync::OnceLock;
use nonblock::testing::violations;
use nonblock::{non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn the_first_value_stays() {
    static VALUE: OnceLock<u32> = OnceLock::new();

    sleepable(|cx| {
        assert_eq!(VALUE.get(), None);
        assert_eq!(VALUE.set(cx, 1), Ok(()));
        assert_eq!(VALUE.set(cx, 2), Err(2));
        assert_eq!(VALUE.try_set(3), Err(3));
        assert_eq!(VALUE.get_or_init(cx, |_cx| panic!("it is there")), &1);
        assert_eq!(VALUE.wait(cx), &1);
        cx.non_block(|_nb| assert_eq!(VALUE.get(), Some(&1)));
    });
}

#[test]
fn a_section_sets_what_a_thread_waits_for() {
    let value = OnceLock::new();
    let found = violations(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                let waiters = [(); 3].map(|()| scope.spawn(|cx| *value.wait(cx)));
                thread::sleep(cx, SHORT);
                assert_eq!(cx.non_block(|_nb| value.try_set(5)), Ok(()));
                for waiter in waiters {
                    assert_eq!(waiter.join(cx).unwrap(), 5);
                }
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_value_is_made_once_by_whoever_comes_first() {
    let (value, made) = (OnceLock::new(), AtomicUsize::new(0));
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..4 {
                scope.spawn(|cx| {
                    let value = value.get_or_init(cx, |cx| {
                        thread::sleep(cx, Duration::from_millis(1));
                        made.fetch_add(1, Ordering::Relaxed) + 10
                    });
                    assert_eq!(*value, 10);
                });
            }
        });
    });
    assert_eq!(made.into_inner(), 1);
}

#[test]
fn while_one_makes_the_value_a_section_does_not_wait_and_a_thread_does() {
    let value = OnceLock::new();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let (begun, has_begun) = mpsc::channel();
            let value = &value;
            scope.spawn(move |cx| {
                value.get_or_init(cx, |cx| {
                    begun.send(()).unwrap();
                    thread::sleep(cx, SHORT);
                    1
                });
            });
            has_begun.recv().unwrap();
            assert_eq!(cx.non_block(|_nb| (value.get(), value.try_set(2))), (None, Err(2)));
            assert_eq!(value.set(cx, 3), Err(3), "it waits for what is being made");
            assert_eq!(value.get(), Some(&1));
        });
    });
}

#[test]
fn a_panic_leaves_it_to_the_next() {
    let value = OnceLock::new();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let (begun, has_begun) = mpsc::channel();
            let value = &value;
            scope.spawn(move |_cx| {
                let panicked = catch_unwind(AssertUnwindSafe(|| {
                    raw::sleepable(|cx| {
                        value.get_or_init(cx, |cx| {
                            begun.send(()).unwrap();
                            thread::sleep(cx, SHORT);
                            resume_unwind(Box::new(()))
                        });
                    });
                }));
                assert!(panicked.is_err());
            });
            has_begun.recv().unwrap();
            // Waits for the one that fails, and makes the value then.
            assert_eq!(value.get_or_init(cx, |_cx| 2), &2);
        });
    });
}

#[test]
fn a_value_is_dropped_once_and_taken_out() {
    let value = Arc::new(());
    let mut cell = OnceLock::from(Arc::clone(&value));
    assert!(Arc::ptr_eq(cell.get_mut().unwrap(), &value));
    assert!(cell.take().is_some());
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(cell.take().is_none());
    non_block(|_nb| cell.try_set(Arc::clone(&value))).unwrap();
    assert!(cell.try_set(Arc::clone(&value)).is_err());
    assert_eq!(Arc::strong_count(&value), 2);
    assert!(cell.into_inner().is_some());
    drop(OnceLock::from(Arc::clone(&value)));
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn it_is_shown_with_its_value_if_it_is_there() {
    let cell = OnceLock::default();
    assert_eq!(format!("{cell:?}"), "OnceLock(<not set>)");
    cell.try_set(5).unwrap();
    assert_eq!(format!("{cell:?}"), "OnceLock(5)");
}
