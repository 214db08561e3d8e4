//! A poll of a future that is ready, as a section and bare.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use benches::{Goal, Group, Plan, repeat, timed};
use nonblock::future::NonBlockExt as _;

pub(crate) const BARE: &str = "a bare poll";
const SECTION: &str = "nonblock, a poll in a section";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("poll", "Polling a future that is ready", |group| {
        group.about(
            "The future is one that the optimizer cannot look into. The feature `tokio` is on, by which each poll is also counted as one.",
        );
        bare(group);
        group.ours(SECTION, || {
            timed(move |times| {
                let mut future = pin!(Answer.non_block());
                repeat(times, || poll(future.as_mut()));
            })
        });
        group.counted(1000);
        if nonblock::CHECKS {
            group.goal(Goal::more_nanoseconds(2.0, SECTION, BARE));
        } else {
            group.goal(Goal::more_instructions(0.0, SECTION, BARE));
        }
    });
}

pub(crate) fn bare(group: &mut Group) {
    group.rival(BARE, || {
        timed(move |times| {
            let mut future = pin!(Answer);
            repeat(times, || poll(future.as_mut()));
        })
    });
}

/// Is ready whenever it is polled.
pub(crate) struct Answer;

impl Future for Answer {
    type Output = u32;

    #[inline(never)]
    fn poll(self: std::pin::Pin<&mut Self>, _task: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(black_box(42))
    }
}

#[inline]
pub(crate) fn poll<F: Future>(future: std::pin::Pin<&mut F>) {
    let _polled = black_box(future.poll(&mut Context::from_waker(Waker::noop())));
}
