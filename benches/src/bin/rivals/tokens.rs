//! Tokens, passed through calls that the optimizer cannot look into.

use std::hint::black_box;

use benches::{Goal, Plan, each, opaque, repeat, timed};
use nonblock::Sleepable;

const WITHOUT: &str = "without a token";
const WITH: &str = "nonblock, with the token";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("tokens", "A token through three calls", |group| {
        group.about(
            "The calls go through pointers, so that the optimizer can neither inline them nor see that nobody reads the token. \
             Where it can, nothing is left of the token (see the machine code below). Here it is an argument: a reference, in a \
             register.",
        );
        group.rival(WITHOUT, || {
            each(|| {
                black_box(bare_outer as fn(u64) -> u64)(1);
            })
        });
        group.ours(WITH, || {
            timed(|times| {
                nonblock::raw::sleepable(|cx| {
                    repeat(times, || {
                        black_box(outer as fn(u64, &mut Sleepable) -> u64)(1, cx);
                    });
                });
            })
        });
        // One for each call, at most.
        group.goal(Goal::more_instructions(3.0, WITH, WITHOUT));
        group.counted(1000);
    });
}

fn bare_outer(value: u64) -> u64 {
    black_box(bare_middle as fn(u64) -> u64)(value) + 1
}

fn bare_middle(value: u64) -> u64 {
    black_box(bare_inner as fn(u64) -> u64)(value) + 1
}

fn bare_inner(value: u64) -> u64 {
    opaque(value) + 1
}

fn outer(value: u64, cx: &mut Sleepable) -> u64 {
    black_box(middle as fn(u64, &mut Sleepable) -> u64)(value, cx) + 1
}

fn middle(value: u64, cx: &mut Sleepable) -> u64 {
    black_box(inner as fn(u64, &mut Sleepable) -> u64)(value, cx) + 1
}

fn inner(value: u64, cx: &mut Sleepable) -> u64 {
    let _ = cx;
    opaque(value) + 1
}
