//! What the layers of the watch cost: a section in which nothing happens, and a system call that is stopped.

use std::hint::black_box;
use std::pin::pin;
use std::time::{Duration, Instant};

use benches::{Goal, Group, Plan, each, repeat, timed};
use nix::sys::resource::{UsageWho, getrusage};
use nonblock::Policy;
use nonblock::future::NonBlockExt as _;
use nonblock::watch::{Builder, Layers, Watch};

use crate::future::{Answer, poll};

const OFF: &str = "no layer on";
const SCHEDULE: &str = "schedule";
const QUICK_TRAP: &str = "trap, quick";
const QUICK_BOTH: &str = "trap, quick, and schedule";
const TRAP: &str = "trap";
const BUDGET: &str = "budget";
const USAGE: &str = "getrusage at both ends";
#[cfg(feature = "rtsan")]
const RTSAN: &str = "RealtimeSanitizer";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("watch_off", "An empty section in a build with the watch, and no layer on", |group| {
        group.about(
            "The instructions are those of the same section in a build without the watch, and three more.",
        );
        group.ours(OFF, || {
            timed(move |times| {
                nonblock::raw::sleepable(|cx| repeat(times, || cx.non_block(|_nb| black_box(()))));
            })
        });
        group.counted(1000);
    });
    plan.group("watch", "A section under watch in which nothing happens", sections);
    plan.group("watch_poll", "Polling a future that is ready, under watch", polls);
    plan.group("watch_call", "A system call in a section under watch", calls);
    plan.group("watch_outside", "A system call outside sections, on a watched thread", outside);
}

fn watch(layers: Layers) -> Builder {
    Watch::builder().layers(layers)
}

/// Times sections with the watch on.
fn under(builder: Option<Builder>) -> impl FnMut(u64) -> Duration {
    move |times| {
        let watch = builder.clone().map(|builder| builder.start().expect("Linux has it"));
        // The first section of a thread sets it up.
        section();
        let elapsed = timed(|times| repeat(times, section))(times);
        drop(watch);
        elapsed
    }
}

#[inline]
fn section() {
    nonblock::raw::non_block(|_nb| black_box(()));
}

fn polls(group: &mut Group) {
    group.about("As `poll`, whose every poll is a section, with the layers on.");
    crate::future::bare(group);
    let polls = |layers| {
        move |times| {
            let watch = watch(layers).quick_trap(true).start().expect("Linux has it");
            section();
            let elapsed = timed(|times| {
                let mut future = pin!(Answer.non_block());
                repeat(times, || poll(future.as_mut()));
            })(times);
            drop(watch);
            elapsed
        }
    };
    group.ours(SCHEDULE, move || polls(Layers::SCHEDULE));
    group.ours(QUICK_BOTH, move || polls(Layers::TRAP | Layers::SCHEDULE));
    group.goal(Goal::more_nanoseconds(5.0, QUICK_BOTH, crate::future::BARE));
}

fn sections(group: &mut Group) {
    group.about(
        "The feature `watch` is on in this build. A quick trap leaves signals as they are; without that, a section under the \
         trap looks at the handlers, blocks signals and restores them, by some nine system calls. The peers do what they do in place \
         of the section.",
    );
    let long = Duration::from_hours(1);
    group.ours(OFF, || under(None));
    group.ours(SCHEDULE, move || under(Some(watch(Layers::SCHEDULE))));
    group.ours(QUICK_TRAP, move || under(Some(watch(Layers::TRAP).quick_trap(true))));
    group.ours(QUICK_BOTH, move || {
        under(Some(watch(Layers::TRAP | Layers::SCHEDULE).quick_trap(true)))
    });
    group.ours(TRAP, move || under(Some(watch(Layers::TRAP))));
    group.ours(BUDGET, move || under(Some(watch(Layers::BUDGET).budget(long))));
    group.rival(USAGE, || {
        each(|| {
            black_box(getrusage(UsageWho::RUSAGE_THREAD).expect("Linux tells it"));
            black_box(getrusage(UsageWho::RUSAGE_THREAD).expect("Linux tells it"));
        })
    });
    #[cfg(feature = "rtsan")]
    group.rival(RTSAN, || {
        rtsan_standalone::ensure_initialized();
        each(|| {
            rtsan_standalone::realtime_enter();
            black_box(());
            rtsan_standalone::realtime_exit();
        })
    });
    group.goal(Goal::more_nanoseconds(1.0, SCHEDULE, OFF));
    group.goal(Goal::more_nanoseconds(2.0, QUICK_TRAP, OFF));
    group.goal(Goal::more_nanoseconds(3.0, QUICK_BOTH, OFF));
    #[cfg(feature = "rtsan")]
    group.goal(Goal::faster(4.0, QUICK_TRAP, RTSAN));
}

/// How many calls a section makes: as many as are kept.
const CALLS: u64 = 16;

/// Times system calls within sections. What is reported of them comes after the sections, and does not count.
fn within(builder: Option<Builder>, call: fn()) -> impl FnMut(u64) -> Duration {
    move |times| {
        nonblock::set_policy(Policy::Ignore);
        let watch = builder.clone().map(|builder| builder.start().expect("Linux has it"));
        let mut elapsed = Duration::ZERO;
        for _ in 0..times.div_ceil(CALLS) {
            nonblock::raw::non_block(|_nb| {
                let start = Instant::now();
                (0..CALLS).for_each(|_| call());
                elapsed += start.elapsed();
            });
        }
        drop(watch);
        nonblock::set_policy(Policy::Panic);
        elapsed
    }
}

/// One that never blocks.
fn ask() {
    black_box(nix::unistd::getppid());
}

/// One that may block, and does not. What is not open is not looked into.
fn close() {
    let _ = black_box(nix::unistd::fsync(nowhere()));
}

/// A descriptor that is not open.
fn nowhere() -> std::os::fd::BorrowedFd<'static> {
    // SAFETY: nothing is done with it but to ask the kernel, which says that it is not open.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(i32::MAX) }
}

const PLAIN: &str = "getppid, not watched";
const PLAIN_MAY_BLOCK: &str = "fsync of nothing, not watched";
const STOPPED: &str = "getppid, stopped by the trap";
const NOTED: &str = "fsync of nothing, stopped and noted with its calls";

fn calls(group: &mut Group) {
    group.about(
        "`getppid` never blocks, so the handler makes it and that is all. `fsync` may block: the handler notes it, with a copy of \
         the stack, and asks the kernel whether it slept. The reports come after the section, and are not in these times.",
    );
    let trap = || Some(watch(Layers::TRAP));
    group.ours(PLAIN, || within(None, ask));
    group.ours(PLAIN_MAY_BLOCK, || within(None, close));
    group.ours(STOPPED, move || within(trap(), ask));
    group.ours(NOTED, move || within(trap(), close));
    group.goal(Goal::more_nanoseconds(4_000.0, STOPPED, PLAIN));
    group.goal(Goal::more_nanoseconds(4_000.0, NOTED, PLAIN_MAY_BLOCK));
}

const UNARMED: &str = "getppid, on a thread that is not watched";
const ARMED: &str = "getppid, outside sections, on a thread under the trap";

fn outside(group: &mut Group) {
    group.about(
        "From its first section under the trap on, the kernel asks a thread's selector at each system call, in a section or not.",
    );
    let outside = |builder: Option<Builder>| {
        move |times: u64| {
            let watch = builder.clone().map(|builder| builder.start().expect("Linux has it"));
            section();
            let elapsed = timed(|times| repeat(times, ask))(times);
            drop(watch);
            // Sets the thread back.
            let off = self::watch(Layers::SCHEDULE).start().expect("Linux has it");
            section();
            drop(off);
            elapsed
        }
    };
    group.ours(UNARMED, move || outside(None));
    group.ours(ARMED, move || outside(Some(watch(Layers::TRAP))));
}
