//! Entering and leaving a section, against the least that counting can cost.

use std::cell::Cell;

use benches::{Goal, Plan, each, opaque, repeat, timed};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

const CALL: &str = "the call alone";
const LIMIT: &str = "a bare thread-local, += 1 and -= 1";
const SECTION: &str = "nonblock, a section";
const RTSAN: &str = "RealtimeSanitizer";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("section", "Entering and leaving a section", |group| {
        group.about(
            "Around a call that the optimizer cannot look into. The bare thread-local is the limit: whatever counts must \
             raise and lower a number that belongs to the thread.",
        );
        group.rival(LIMIT, || {
            each(|| {
                DEPTH.with(|depth| depth.set(depth.get() + 1));
                opaque(1);
                DEPTH.with(|depth| depth.set(depth.get() - 1));
            })
        });
        group.rival(CALL, || {
            each(|| {
                opaque(1);
            })
        });
        group.ours(SECTION, || {
            timed(|times| {
                nonblock::sleepable(|cx| {
                    repeat(times, || {
                        cx.non_block(|_nb| opaque(1));
                    });
                });
            })
        });
        group.ours("nonblock, a section in a section", || {
            timed(|times| {
                nonblock::non_block(|nb| {
                    repeat(times, || {
                        nb.non_block(|_nb| opaque(1));
                    });
                });
            })
        });
        if nonblock::CHECKS {
            group.rival("assert_no_alloc", || {
                each(|| {
                    assert_no_alloc::assert_no_alloc(|| opaque(1));
                })
            });
            #[cfg(feature = "rtsan")]
            group.rival(RTSAN, || {
                rtsan_standalone::ensure_initialized();
                each(|| {
                    rtsan_standalone::realtime_enter();
                    opaque(1);
                    rtsan_standalone::realtime_exit();
                })
            });
            group.goal(Goal::at_most(1.2, SECTION, LIMIT));
            group.goal(Goal::faster(5.0, SECTION, RTSAN));
        } else {
            group.goal(Goal::more_instructions(0.0, SECTION, CALL));
        }
        group.counted(1000);
    });
}
