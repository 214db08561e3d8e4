//! Sections and roots: what is counted, what is reported, and that the depth is right afterwards.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use nonblock::sync::SpinLock;
use nonblock::testing::{expect_violation, violations};
use nonblock::{
    Context, NonBlock, Sleepable, ViolationKind, cant_sleep, might_sleep, might_sleep_if,
    non_block, permit_sleep, raw, sleepable,
};

/// What the tests panic with: a value that no report is made of.
struct Thrown;

/// Runs the closure, which must panic with [`Thrown`].
#[track_caller]
fn thrown(f: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("the closure panics");
    assert!(panic.is::<Thrown>());
}

fn throw() {
    // Unlike `panic!`, it does not bother the panic hook with a message.
    std::panic::resume_unwind(Box::new(Thrown));
}

/// The line it is called on, for the places that reports name.
#[track_caller]
const fn line() -> u32 {
    Location::caller().line()
}

// Depth.

#[test]
fn every_door_opens_one_section() {
    assert_eq!(raw::depth(), 0);
    assert_eq!(non_block(|_nb| raw::depth()), 1);
    assert_eq!(raw::non_block(|_nb| raw::depth()), 1);
    assert_eq!(sleepable(|cx| cx.non_block(|_nb| raw::depth())), 1);
    assert_eq!(sleepable(|cx| Context::non_block(cx, |_nb| raw::depth())), 1);
    assert_eq!(non_block(|nb| nb.non_block(|_nb| raw::depth())), 2);
    assert_eq!(non_block(|nb| Context::non_block(nb, |_nb| raw::depth())), 2);
    assert_eq!(non_block(|_nb| non_block(|_nb| raw::depth())), 2);
    raw::non_block_start();
    assert_eq!(raw::depth(), 1);
    raw::non_block_end();
    assert_eq!(raw::depth(), 0);
}

#[test]
fn sections_nest_as_deep_as_they_are_opened() {
    fn descend(nb: &mut NonBlock, depth: u32) {
        assert_eq!(raw::depth(), depth);
        if depth < 100 {
            nb.non_block(|nb| descend(nb, depth + 1));
        }
        assert_eq!(raw::depth(), depth);
    }

    non_block(|nb| descend(nb, 1));
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_section_is_entered_again_after_its_end() {
    sleepable(|cx| {
        for _ in 0..3 {
            assert_eq!(cx.non_block(|_nb| raw::depth()), 1);
            assert_eq!(raw::depth(), 0);
            might_sleep();
        }
    });
}

#[test]
fn a_section_returns_what_its_closure_returns() {
    let text = String::from("moved in and out");
    assert_eq!(sleepable(|cx| cx.non_block(|_nb| text)), "moved in and out");
}

#[test]
fn a_panic_inside_a_section_leaves_the_depth_right() {
    thrown(|| non_block(|_nb| throw()));
    assert_eq!(raw::depth(), 0);
    thrown(|| raw::non_block(|_nb| throw()));
    assert_eq!(raw::depth(), 0);
    thrown(|| sleepable(|cx| cx.non_block(|nb| nb.non_block(|_nb| throw()))));
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_panic_that_is_caught_in_a_section_ends_only_the_inner_ones() {
    non_block(|nb| {
        thrown(|| nb.non_block(|nb| nb.non_block(|_nb| throw())));
        assert_eq!(raw::depth(), 1);
        cant_sleep();
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_panic_after_a_report_leaves_the_depth_right() {
    let violation = expect_violation(|| {
        thrown(|| {
            non_block(|_nb| {
                might_sleep();
                throw();
            });
        });
    });
    assert_eq!(violation.depth(), 1);
    assert_eq!(raw::depth(), 0);
}

#[test]
fn every_thread_has_a_depth_of_its_own() {
    non_block(|_nb| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(raw::depth(), 0);
                might_sleep();
                raw::non_block_start();
                raw::non_block_start();
                assert_eq!(raw::depth(), 2);
                // Left open: it ends with its thread.
            });
        });
        assert_eq!(raw::depth(), 1);
    });
}

// might_sleep, might_sleep_if, cant_sleep.

#[test]
fn might_sleep_is_silent_outside_sections() {
    let violations = violations(|| {
        might_sleep();
        might_sleep_if(true);
        sleepable(|_cx| might_sleep());
        non_block(|_nb| {});
        might_sleep();
    });
    assert!(violations.is_empty(), "{violations:?}");
}

#[test]
fn might_sleep_in_a_section_is_reported_at_its_caller() {
    let (mut called, mut opened) = (0, 0);
    let violation = expect_violation(|| {
        opened = line();
        raw::non_block(|nb| {
            nb.non_block(|_nb| {
                called = line() + 1;
                might_sleep();
            });
        });
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    assert_eq!(violation.location().file(), file!());
    assert_eq!(violation.location().line(), called);
    // The outermost section, which is the one that must end before anybody may sleep.
    assert_eq!(violation.section().expect("it is remembered").line(), opened + 1);
    assert_eq!(violation.depth(), 2);
}

#[test]
fn might_sleep_if_is_reported_where_its_condition_holds() {
    let called = Cell::new(0);
    let violations = violations(|| {
        raw::non_block(|_nb| {
            might_sleep_if(false);
            called.set(line() + 1);
            might_sleep_if(true);
        });
    });
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    assert_eq!(violation.location().line(), called.get());
}

#[test]
fn cant_sleep_is_reported_outside_sections_only() {
    let mut called = 0;
    let violations = violations(|| {
        non_block(|_nb| cant_sleep());
        called = line() + 1;
        cant_sleep();
    });
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(violation.kind(), ViolationKind::NotInNonBlock);
    assert_eq!(violation.location().line(), called);
    assert_eq!(violation.depth(), 0);
    assert_eq!(violation.section(), None);
}

#[test]
fn a_section_that_is_entered_again_is_named_by_its_own_beginning() {
    let begin = |lines: &mut Vec<u32>| {
        lines.push(line() + 1);
        raw::non_block(|_nb| might_sleep());
    };
    let mut lines = Vec::new();
    let violations = violations(|| {
        begin(&mut lines);
        lines.push(line() + 1);
        raw::non_block(|_nb| might_sleep());
    });
    let sections = violations.iter().map(|violation| violation.section().unwrap().line());
    assert_eq!(sections.collect::<Vec<_>>(), lines);
}

#[test]
fn a_generic_callback_names_its_own_line_as_the_sections_beginning() {
    const OPENED: u32 = line() + 2;
    fn generic<C: Context>(cx: &mut C) {
        cx.non_block(|_nb| might_sleep());
    }

    let violation = expect_violation(|| sleepable(generic));
    assert_eq!(violation.section().unwrap().line(), OPENED);
    assert_eq!(violation.depth(), 1);
    let violation = expect_violation(|| raw::non_block(generic));
    assert_eq!(violation.depth(), 2);
}

// Roots inside sections.

#[test]
fn a_root_inside_a_section_is_reported_and_runs() {
    let (ran, mut called) = (Cell::new(0), 0);
    let violations = violations(|| {
        raw::non_block(|_nb| {
            called = line() + 1;
            raw::sleepable(|_cx| ran.set(ran.get() + 1));
            sleepable(|_cx| {});
        });
    });
    assert_eq!(ran.get(), 1);
    let [first, second] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(first.kind(), ViolationKind::SleepInNonBlock);
    assert_eq!(first.location().line(), called);
    assert_eq!(second.location().line(), called + 1);
}

#[test]
fn a_root_of_a_section_inside_a_section_is_no_fault() {
    let violations = violations(|| non_block(|_nb| non_block(|_nb| cant_sleep())));
    assert!(violations.is_empty(), "{violations:?}");
}

#[test]
fn the_raw_roots_take_what_is_tied_to_its_thread() {
    let shared = Rc::new(Cell::new(1));
    raw::sleepable(|cx| {
        shared.set(shared.get() + 1);
        cx.non_block(|_nb| shared.set(shared.get() + 1));
    });
    raw::non_block(|_nb| shared.set(shared.get() + 1));
    assert_eq!(shared.get(), 4);
}

// permit_sleep.

#[test]
fn a_permit_puts_the_sections_aside_and_back() {
    let violations = violations(|| {
        non_block(|nb| {
            nb.non_block(|_nb| {
                let answer = permit_sleep("the test says so", |cx| {
                    assert_eq!(raw::depth(), 0);
                    nonblock::thread::sleep(cx, Duration::from_millis(1));
                    42
                });
                assert_eq!(answer, 42);
                assert_eq!(raw::depth(), 2);
            });
        });
    });
    assert!(violations.is_empty(), "{violations:?}");
}

#[test]
fn a_section_inside_a_permit_counts_again() {
    let mut opened = 0;
    let violations = violations(|| {
        non_block(|_nb| {
            permit_sleep("the test says so", |cx| {
                opened = line() + 1;
                cx.non_block(|_nb| might_sleep());
                might_sleep();
            });
        });
    });
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(violation.depth(), 1);
    assert_eq!(violation.section().unwrap().line(), opened);
}

#[test]
fn after_a_permit_the_section_is_named_by_its_own_beginning() {
    let mut opened = 0;
    let violation = expect_violation(|| {
        opened = line() + 1;
        raw::non_block(|_nb| {
            permit_sleep("the test says so", |cx| cx.non_block(|_nb| {}));
            might_sleep();
        });
    });
    assert_eq!(violation.section().unwrap().line(), opened);
}

#[test]
fn cant_sleep_is_reported_in_a_permit() {
    let violation = expect_violation(|| {
        non_block(|_nb| permit_sleep("the test says so", |_cx| cant_sleep()));
    });
    assert_eq!(violation.kind(), ViolationKind::NotInNonBlock);
}

#[test]
fn a_panic_inside_a_permit_puts_the_sections_back() {
    non_block(|_nb| {
        thrown(|| {
            permit_sleep("the test says so", |cx| {
                cx.non_block(|_nb| throw());
            });
        });
        assert_eq!(raw::depth(), 1);
        cant_sleep();
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn permits_nest() {
    non_block(|_nb| {
        permit_sleep("outer", |cx| {
            cx.non_block(|_nb| {
                permit_sleep("inner", |_cx| assert_eq!(raw::depth(), 0));
                assert_eq!(raw::depth(), 1);
            });
            assert_eq!(raw::depth(), 0);
        });
        assert_eq!(raw::depth(), 1);
    });
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_permit_outside_sections_changes_nothing() {
    permit_sleep("the test says so", |_cx| assert_eq!(raw::depth(), 0));
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_spin_guard_may_be_taken_in_a_permit_and_kept() {
    let lock = SpinLock::new(());
    let violations = violations(|| {
        raw::non_block(|nb| {
            let guard = raw::permit_sleep("the test says so", |_cx| lock.lock(nb));
            assert_eq!(raw::depth(), 2);
            drop(guard);
            assert_eq!(raw::depth(), 1);
        });
    });
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_spin_guard_may_be_released_in_a_permit() {
    let lock = SpinLock::new(());
    let violations = violations(|| {
        raw::non_block(|nb| {
            let guard = lock.lock(nb);
            assert_eq!(raw::depth(), 2);
            raw::permit_sleep("the test says so", |_cx| {
                drop(guard);
                assert_eq!(raw::depth(), 0);
            });
            assert_eq!(raw::depth(), 1);
        });
    });
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_spin_guard_may_be_released_two_permits_further_in() {
    let lock = SpinLock::new(());
    let violations = violations(|| {
        raw::non_block(|nb| {
            let guard = lock.lock(nb);
            raw::permit_sleep("outer", |cx| {
                cx.non_block(|_nb| raw::permit_sleep("inner", |_cx| drop(guard)));
            });
            assert_eq!(raw::depth(), 1);
        });
    });
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!(raw::depth(), 0);
}

// Starts and ends that do not pair.

#[test]
fn an_end_without_a_start_is_reported_and_leaves_the_depth_at_zero() {
    let mut called = 0;
    let violations = violations(|| {
        called = line() + 1;
        raw::non_block_end();
        assert_eq!(raw::depth(), 0);
        raw::non_block_start();
        raw::non_block_end();
        raw::non_block_end();
        assert_eq!(raw::depth(), 0);
    });
    let [first, second] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(first.kind(), ViolationKind::UnbalancedEnd);
    assert_eq!(first.location().line(), called);
    assert_eq!(first.depth(), 0);
    assert_eq!(second.location().line(), called + 4);
}

#[test]
fn an_end_too_many_in_a_typed_section_is_reported_where_that_section_began() {
    let mut opened = 0;
    let violations = violations(|| {
        opened = line() + 1;
        raw::non_block(|_nb| {
            raw::non_block_end();
            assert_eq!(raw::depth(), 0);
        });
    });
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(violation.kind(), ViolationKind::UnbalancedEnd);
    assert_eq!(violation.location().line(), opened);
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_start_without_an_end_leaves_the_depth_raised() {
    std::thread::spawn(|| {
        non_block(|_nb| raw::non_block_start());
        assert_eq!(raw::depth(), 1);
        let violation = expect_violation(might_sleep);
        assert_eq!(violation.depth(), 1);
        raw::non_block_end();
        might_sleep();
    })
    .join()
    .expect("the thread does not panic");
}

// The generic context.

#[test]
fn the_context_says_who_may_sleep() {
    fn may_sleep<C: Context>(cx: &mut C) -> bool {
        let by_result = cx.or_refuse().is_ok();
        assert_eq!(cx.as_sleepable().is_some(), by_result);
        by_result
    }

    sleepable(|cx| {
        assert!(may_sleep(cx));
        assert!(!cx.non_block(may_sleep));
        assert!(permit_sleep("the test says so", may_sleep));
    });
}

#[test]
fn the_tokens_take_no_room() {
    assert_eq!(size_of::<Sleepable>(), 0);
    assert_eq!(size_of::<NonBlock>(), 0);
    assert_eq!(sleepable(|cx| format!("{cx:?}")), "Sleepable");
    assert_eq!(non_block(|nb| format!("{nb:?}")), "NonBlock");
}

#[test]
fn a_section_may_be_opened_while_a_thread_is_torn_down() {
    static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

    struct AtTheEnd;
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let depth = non_block(|_nb| raw::depth());
            SEEN.lock().unwrap().push(depth);
        }
    }
    std::thread_local!(static LAST: AtTheEnd = const { AtTheEnd });

    std::thread::spawn(|| LAST.with(|_| {})).join().expect("the thread does not panic");
    assert_eq!(*SEEN.lock().unwrap(), [1]);
}

#[test]
fn a_panic_with_any_value_passes_through() {
    let panic = catch_unwind(|| non_block(|_nb| -> () { panic_any(7_u8) })).unwrap_err();
    assert_eq!(panic.downcast_ref::<u8>(), Some(&7));
}
