//! Entering and leaving a section, against the least that counting can cost.

use std::cell::Cell;
use std::hint::black_box;

use benches::{Goal, Group, Plan, each, opaque, repeat, timed};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

const LIMIT: &str = "a bare thread-local, += 1 and -= 1";
const BODY: &str = "the body alone";
const SECTION: &str = "nonblock, a section";
const NESTED: &str = "nonblock, a section in a section";
const RTSAN: &str = "RealtimeSanitizer";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("section", "Entering and leaving a section around a call", |group| {
        group.about(
            "The call is one that the optimizer cannot look into. The bare thread-local is the limit: whatever counts must \
             raise and lower a number that belongs to the thread.",
        );
        rivals(group, || {
            opaque(1);
        });
    });
    plan.group("section_empty", "Entering and leaving an empty section", |group| {
        group.about(
            "As above, without a call whose own time hides some of it: nothing but what keeps the optimizer from joining the \
             two halves.",
        );
        rivals(group, || black_box(()));
    });
}

/// Fills a group, around one body.
fn rivals(group: &mut Group, body: impl Fn() + Copy + 'static) {
    group.rival(LIMIT, move || {
        each(move || {
            DEPTH.with(|depth| depth.set(depth.get() + 1));
            body();
            DEPTH.with(|depth| depth.set(depth.get() - 1));
        })
    });
    group.rival(BODY, move || each(body));
    group.ours(SECTION, move || {
        timed(move |times| {
            nonblock::raw::sleepable(|cx| repeat(times, || cx.non_block(|_nb| body())));
        })
    });
    group.ours(NESTED, move || {
        timed(move |times| {
            nonblock::raw::non_block(|nb| repeat(times, || nb.non_block(|_nb| body())));
        })
    });
    group.counted(1000);
    if !nonblock::CHECKS {
        group.goal(Goal::more_instructions(0.0, SECTION, BODY));
        group.goal(Goal::more_instructions(0.0, NESTED, BODY));
        return;
    }
    group.rival("assert_no_alloc", move || each(move || assert_no_alloc::assert_no_alloc(body)));
    #[cfg(feature = "rtsan")]
    group.rival(RTSAN, move || {
        rtsan_standalone::ensure_initialized();
        each(move || {
            rtsan_standalone::realtime_enter();
            body();
            rtsan_standalone::realtime_exit();
        })
    });
    let cause = "beside the count, a section stores where it began, for the report, and looks whether it was open when it ends: nine \
                 instructions in place of two. That is one cycle of the processor more, of two, or of four with the call";
    group.goal(Goal::at_most(1.2, SECTION, LIMIT).cause(cause));
    group.goal(Goal::at_most(1.2, NESTED, LIMIT).cause(cause));
    group.goal(Goal::faster(5.0, SECTION, RTSAN));
}
