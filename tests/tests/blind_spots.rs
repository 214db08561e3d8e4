//! "What this cannot see", entry by entry, as the guide's chapter `blind_spots` lists it.
//!
//! Each test shows one entry: that it compiles, and what the counters make of it. An entry that a later layer
//! learns to see fails here, and is then taken off the list. The test `guide` keeps list and tests together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::ptr::NonNull;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Waker};
use std::time::{Duration, Instant};

use nonblock::future::NonBlockExt as _;
use nonblock::sync::{Mutex, SpinLock};
use nonblock::testing::{expect_violation, violations};
use nonblock::{Context, MaySleep, Sleepable, Violation, ViolationKind, may_sleep, non_block, raw};

fn sleep(cx: &mut Sleepable) {
    nonblock::thread::sleep(cx, Duration::from_millis(1));
}

// Seen by the counters only.

#[test]
fn a_root_inside_a_section_is_left_to_the_counters() {
    let violation = expect_violation(|| non_block(|_nb| nonblock::sleepable(sleep)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_bound_by_attribute_inside_a_section_is_left_to_the_counters() {
    #[may_sleep(cx)]
    fn binds() {
        sleep(cx);
    }

    let violation = expect_violation(|| non_block(|_nb| binds()));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_in_a_struct_beside_one_bound_by_attribute_is_left_to_the_counters() {
    struct Request<'a> {
        cx: &'a mut Sleepable,
    }

    #[non_block(_nb)]
    fn handle(request: &mut Request<'_>) {
        sleep(request.cx);
    }

    let violation = expect_violation(|| nonblock::sleepable(|cx| handle(&mut Request { cx })));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_whose_type_does_not_show_it_is_left_to_the_counters() {
    trait Flush {
        fn flush(&mut self);
    }

    impl Flush for Sleepable {
        fn flush(&mut self) {
            sleep(self);
        }
    }

    impl Flush for &mut Sleepable {
        fn flush(&mut self) {
            sleep(self);
        }
    }

    type Pair<'a> = (u32, &'a mut Sleepable);

    #[non_block]
    fn by_a_trait(flush: &mut dyn Flush) {
        flush.flush();
    }

    #[non_block]
    fn by_a_parameter<T: Flush>(mut flush: T) {
        flush.flush();
    }

    #[non_block]
    fn by_an_alias((_, right): Pair<'_>) {
        sleep(right);
    }

    type Cx<'a> = &'a mut Sleepable;

    // The lifetime is left out, as it can be.
    #[non_block]
    #[allow(elided_lifetimes_in_paths, reason = "it is what the test is about")]
    fn by_an_alias_with_a_hidden_lifetime(right: Result<Cx, u32>) {
        right.map(sleep).unwrap();
    }

    let calls: [fn(&mut Sleepable); 4] = [
        |cx| by_a_trait(cx),
        |cx| by_a_parameter(cx),
        |cx| by_an_alias((1, cx)),
        |cx| by_an_alias_with_a_hidden_lifetime(Ok(cx)),
    ];
    for call in calls {
        let violation = expect_violation(|| nonblock::sleepable(call));
        assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    }
}

#[test]
fn a_closure_over_a_token_handed_to_a_non_blocking_function_is_left_to_the_counters() {
    #[non_block]
    fn call(f: impl FnOnce()) {
        f();
    }

    let violation = expect_violation(|| nonblock::sleepable(|cx| call(|| sleep(cx))));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_future_over_a_token_is_left_to_the_counters() {
    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| {
            let mut task = task::Context::from_waker(Waker::noop());
            let _ = pin!(async { sleep(cx) }.non_block()).poll(&mut task);
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_in_a_wrapper_that_makes_anything_send_is_left_to_the_counters() {
    struct AnyoneMaySend<T>(T);

    // SAFETY: it is sent nowhere: this stands for crates that check the thread when it is used.
    unsafe impl<T> Send for AnyoneMaySend<T> {}

    impl<T> AnyoneMaySend<T> {
        fn get(&mut self) -> &mut T {
            &mut self.0
        }
    }

    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| {
            let mut hidden = AnyoneMaySend(cx);
            non_block(|_nb| sleep(hidden.get()));
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_sleeping_function_without_a_token_is_left_to_the_counters() {
    fn untyped() {
        nonblock::might_sleep();
    }

    let through_dyn: &dyn Fn() = &untyped;
    let violation = expect_violation(|| raw::non_block(|_nb| through_dyn()));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn starting_a_thread_is_left_to_the_counters() {
    let violation = expect_violation(|| non_block(|_nb| nonblock::thread::spawn(|_cx| ())));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[cfg(target_os = "linux")]
#[test]
fn dropping_what_the_kernel_may_wait_for_is_left_to_the_counters() {
    use nonblock_mm::memory::Mapping;

    let mapping = nonblock::sleepable(|cx| Mapping::new(1 << 20, cx)).unwrap();
    let violation = expect_violation(|| non_block(|_nb| drop(mapping)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_captured_by_a_raw_section_is_left_to_the_counters() {
    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| raw::non_block(|_nb| sleep(cx)));
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_method_of_a_macro_is_not_seen_by_the_blocks_attribute() {
    struct Device;

    macro_rules! method {
        ($name:ident) => {
            fn $name() -> u32 {
                raw::depth()
            }
        };
    }

    #[non_block]
    impl Device {
        method!(of_a_macro);
        fn plain() -> u32 {
            raw::depth()
        }
    }

    assert_eq!((Device::plain(), Device::of_a_macro()), (1, 0));
}

#[test]
fn a_section_begun_by_hand_is_left_to_the_counters() {
    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| {
            raw::non_block_start();
            sleep(cx);
            raw::non_block_end();
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_destructor_that_sleeps_is_left_to_the_counters() {
    struct Journal;

    impl Drop for Journal {
        #[may_sleep(cx)]
        fn drop(&mut self) {
            sleep(cx);
        }
    }

    let violation = expect_violation(|| non_block(|_nb| drop(Journal)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_token_made_by_unsafe_code_is_left_to_the_counters() {
    let violation = expect_violation(|| {
        non_block(|_nb| {
            // SAFETY: the type has no size, so there is nothing behind the pointer. That nobody may make one is a law of
            // the crate's, which this breaks on purpose.
            let forged: &mut Sleepable = unsafe { NonNull::dangling().as_mut() };
            sleep(forged);
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

// Counted, and not reported.

#[test]
fn a_mistake_within_a_reported_call_is_counted_and_not_reported() {
    let before = nonblock::stats().count(ViolationKind::SleepInNonBlock);
    let seen = violations(|| {
        raw::non_block_start();
        raw::sleepable(|cx| {
            raw::non_block_end();
            // A section of its own, and yet at the depth of the one that the root was called in.
            raw::non_block(|_nb| sleep(cx));
        });
    });
    assert_eq!(seen.len(), 1, "{seen:?}");
    let counted = nonblock::stats().count(ViolationKind::SleepInNonBlock) - before;
    assert!(counted >= 2, "{counted}");
}

#[test]
fn a_permitted_sleep_is_counted_and_not_reported() {
    const REASON: &str = "this shows what a permit does";
    let seen = violations(|| non_block(|_nb| nonblock::permit_sleep(REASON, sleep)));
    assert!(seen.is_empty(), "{seen:?}");
    assert!(nonblock::stats().permits().any(|permit| permit.reason == REASON));
}

// Seen by neither layer.

#[test]
fn a_function_that_sleeps_and_does_not_say_so_is_not_seen() {
    let seen = violations(|| non_block(|_nb| std::thread::sleep(Duration::from_millis(1))));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_page_fault_is_not_seen() {
    // Zeroed memory of this size comes from the kernel, and is not there before it is touched.
    let mut pages = vec![0_u8; 1 << 24];
    let seen = violations(|| non_block(|_nb| pages[1 << 23] = 1));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_section_that_is_merely_long_is_not_seen() {
    let seen = violations(|| {
        non_block(|_nb| {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
        });
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_path_that_does_not_run_is_not_seen() {
    fn wait_if(busy: bool) {
        if busy {
            nonblock::might_sleep();
        }
    }

    let seen = violations(|| non_block(|_nb| wait_if(false)));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn losing_the_processor_is_not_seen() {
    let seen = violations(|| non_block(|_nb| std::thread::yield_now()));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_wrapped_value_in_use_is_not_seen() {
    #[nonblock::non_block]
    fn count(hits: &std::sync::Mutex<u32>) {
        *hits.lock().unwrap() += 1;
    }

    let hits = MaySleep::new(std::sync::Mutex::new(0));
    let found = violations(|| {
        nonblock::sleepable(|cx| {
            let in_use = hits.get(cx);
            non_block(|_nb| *in_use.lock().unwrap() += 1);
            count(in_use);
            assert_eq!(*in_use.lock().unwrap(), 2);
        });
    });
    assert!(found.is_empty(), "{found:?}");

    // Joined to the token, it is seen.
    let mut log = MaySleep::new(Vec::new());
    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| {
            let mut log = log.with(cx);
            raw::non_block(|_nb| std::io::Write::write_all(&mut log, b"up").unwrap());
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[test]
fn a_refusal_that_is_unwrapped_is_not_seen() {
    fn count<C: Context>(hits: &Mutex<u32>, cx: &mut C) {
        *hits.acquire(cx).unwrap() += 1;
    }

    let hits = Mutex::new(0);
    let found = violations(|| {
        nonblock::sleepable(|cx| {
            count(&hits, cx);
            cx.non_block(|nb| count(&hits, nb));
            let held = hits.lock(cx);
            let refused = catch_unwind(AssertUnwindSafe(|| raw::non_block(|nb| count(&hits, nb))));
            assert!(refused.is_err(), "the section is refused, and so it panics");
            assert_eq!(*held, 2);
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_allocation_is_not_seen() {
    let seen = violations(|| non_block(|_nb| drop(std::hint::black_box(vec![0_u8; 1 << 24]))));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_panic_in_a_section_is_not_seen() {
    // The hook writes the message, and takes what locks it needs for it.
    let seen =
        violations(|| catch_unwind(|| non_block(|_nb| panic!("the hook runs in a section"))));
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_spin_lock_taken_twice_is_not_seen() {
    let lock = SpinLock::new(0);
    let seen = violations(|| {
        non_block(|nb| {
            let _held = lock.lock(nb);
            // `lock` in place of `try_lock` waits for ever.
            assert!(lock.try_lock(nb).is_none());
        });
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn spin_locks_taken_in_different_orders_are_not_seen() {
    let (a, b) = (SpinLock::new('a'), SpinLock::new('b'));
    let both_hold_one = Barrier::new(2);
    let both_have_tried = Barrier::new(2);
    let one_then_other = |first: &SpinLock<char>, second: &SpinLock<char>| {
        violations(|| {
            non_block(|nb| {
                let _held = first.lock(nb);
                both_hold_one.wait();
                // `lock` in place of `try_lock`, on both sides, waits for ever.
                assert!(second.try_lock(nb).is_none());
                both_have_tried.wait();
            });
        })
    };
    let seen = std::thread::scope(|scope| {
        let other = scope.spawn(|| one_then_other(&b, &a));
        let mut seen = one_then_other(&a, &b);
        seen.extend(other.join().expect("the other thread ends"));
        seen
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_mutex_that_its_holder_waits_for_is_not_seen() {
    let table = Mutex::new(0);
    let callback = |cx: &mut Sleepable| {
        // `lock` in place of `try_lock_for` waits for ever.
        table.try_lock_for(cx, Duration::from_millis(1)).is_none()
    };
    let seen = violations(|| {
        nonblock::sleepable(|cx| {
            let _held = table.lock(cx);
            assert!(callback(cx));
        });
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_handler_that_sleeps_under_a_spin_lock_is_not_seen() {
    static LOCK: SpinLock<u32> = SpinLock::new(0);
    static HELD_MEANWHILE: AtomicBool = AtomicBool::new(false);

    fn log(_violation: &Violation) {
        assert_eq!(raw::depth(), 0, "the sections are put aside");
        nonblock::sleepable(sleep);
        HELD_MEANWHILE.store(LOCK.is_locked(), Ordering::Relaxed);
    }

    nonblock::set_handler(Some(log));
    non_block(|nb| {
        let _held = LOCK.lock(nb);
        nonblock::might_sleep();
    });
    nonblock::set_handler(None);
    assert!(HELD_MEANWHILE.load(Ordering::Relaxed));
}
