//! "What this cannot see", entry by entry, as the crate's documentation lists it.
//!
//! Each test shows one entry: that it compiles, and what the counters make of it. An entry that a later layer
//! learns to see fails here, and is then taken off the list.

use std::time::{Duration, Instant};

use nonblock::testing::{expect_violation, violations};
use nonblock::{Sleepable, ViolationKind, may_sleep, non_block, raw};

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
    use nonblock::Sleepable as Right;

    trait Flush {
        fn flush(&mut self);
        fn keep(self: Box<Self>);
    }

    impl Flush for Sleepable {
        fn flush(&mut self) {
            sleep(self);
        }

        fn keep(self: Box<Self>) {}
    }

    impl Flush for &mut Sleepable {
        fn flush(&mut self) {
            sleep(self);
        }

        #[non_block]
        fn keep(self: Box<Self>) {
            self.flush();
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
    fn by_another_name(right: Option<&mut Right>) {
        right.map(sleep);
    }

    #[non_block]
    fn by_an_alias((_, right): Pair<'_>) {
        sleep(right);
    }

    let calls: [fn(&mut Sleepable); 5] = [
        |cx| by_a_trait(cx),
        |cx| by_a_parameter(cx),
        |cx| by_another_name(Some(cx)),
        |cx| by_an_alias((1, cx)),
        |cx| Box::new(cx).keep(),
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

#[test]
fn a_token_captured_by_a_raw_section_is_left_to_the_counters() {
    let violation = expect_violation(|| {
        nonblock::sleepable(|cx| raw::non_block(|_nb| sleep(cx)));
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
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
