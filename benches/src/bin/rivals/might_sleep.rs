//! `might_sleep` and `cant_sleep`, where no rule is broken.

use benches::{Goal, Plan, each, opaque, repeat, timed};

const CALL: &str = "the call alone";
const MIGHT: &str = "might_sleep, and the call";
const CANT: &str = "cant_sleep, and the call";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("might_sleep", "Passing `might_sleep` and `cant_sleep`", |group| {
        group.about(
            "Before a call that the optimizer cannot look into. A load that is compared at once, and a branch, are two \
             instructions on x86-64.",
        );
        group.rival(CALL, || {
            each(|| {
                opaque(1);
            })
        });
        group.ours(MIGHT, || {
            each(|| {
                nonblock::might_sleep();
                opaque(1);
            })
        });
        group.ours(CANT, || {
            timed(|times| {
                nonblock::non_block(|_nb| {
                    repeat(times, || {
                        nonblock::cant_sleep();
                        opaque(1);
                    });
                });
            })
        });
        let most = if nonblock::CHECKS { 2.0 } else { 0.0 };
        group.goal(Goal::more_instructions(most, MIGHT, CALL));
        group.counted(1000);
    });
}
