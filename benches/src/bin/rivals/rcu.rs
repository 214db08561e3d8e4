//! A configuration that a section reads and a thread replaces, against other ways to share one.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::{ArcSwap, Guard};
use benches::batch::Batch;
use benches::{Goal, Group, Plan, each, repeat, timed, while_running};
use crossbeam_epoch::{self as epoch, Atomic, Owned};
use nonblock::rcu::Rcu;

use crate::overlap::overlapping;

const OURS: &str = "nonblock's Rcu";
const SWAP: &str = "arc-swap's ArcSwap";
const EPOCH: &str = "crossbeam-epoch's Atomic";
const LOCK: &str = "parking_lot's RwLock";
const STD: &str = "std's RwLock";

/// What an audio callback reads: some parameters, and a table behind them.
#[derive(Clone)]
struct Parameters {
    gain: u64,
    _taps: Vec<u64>,
}

impl Parameters {
    fn new(gain: u64) -> Self {
        Self { gain, _taps: vec![gain; 16] }
    }
}

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("rcu_read", "Reading a shared configuration", |group| {
        group.about("The value is pinned, one number is read, and the guard is dropped. One thread, and nobody writes.");
        group.ours(OURS, || timed(ours()));
        group.rival(SWAP, || timed(swap()));
        group.rival(EPOCH, || timed(pinned()));
        group.rival(LOCK, || timed(lock()));
        group.rival(STD, || timed(std_lock()));
        group.counted(1000);
        group.goal(Goal::at_most(0.5, OURS, SWAP));
    });
    plan.group("rcu_read_2", "Reading a shared configuration, by two threads at once", |group| {
        group.about("As above, by two threads. The time of one thread's read.");
        group.ours(OURS, || overlapping(CHUNK, ours()));
        group.rival(SWAP, || overlapping(CHUNK, swap()));
        group.rival(EPOCH, || overlapping(CHUNK, pinned()));
        group.rival(LOCK, || overlapping(CHUNK, lock()));
        group.rival(STD, || overlapping(CHUNK, std_lock()));
        group.goal(Goal::at_most(0.5, OURS, SWAP));
    });
    plan.group("rcu_replace", "Replacing a shared configuration", |group| {
        group.about(
            "A new value is allocated and published, and old ones are freed on the way: by whom, and when, differs. Nobody reads.",
        );
        replaces(group, false);
    });
    plan.group(
        "rcu_replace_read",
        "Replacing a shared configuration while a thread reads it",
        |group| {
            group.about("As above, while another thread reads without a pause.");
            replaces(group, true);
        },
    );
}

/// How many reads two threads make at once, between two looks at the clock.
const CHUNK: u64 = 1_000;

fn ours() -> impl Fn(u64) + Sync {
    let value = Rcu::new(Parameters::new(1));
    move |times| {
        repeat(times, || {
            black_box(value.read().gain);
        });
    }
}

fn swap() -> impl Fn(u64) + Sync {
    let value = ArcSwap::from_pointee(Parameters::new(1));
    move |times| {
        repeat(times, || {
            black_box(value.load().gain);
        });
    }
}

fn pinned() -> impl Fn(u64) + Sync {
    let value = Atomic::new(Parameters::new(1));
    move |times| {
        repeat(times, || {
            let guard = epoch::pin();
            // SAFETY: the value is never replaced, nor freed.
            black_box(unsafe { value.load(Ordering::Acquire, &guard).deref() }.gain);
        });
    }
}

fn lock() -> impl Fn(u64) + Sync {
    let value = parking_lot::RwLock::new(Parameters::new(1));
    move |times| {
        repeat(times, || {
            black_box(value.read().gain);
        });
    }
}

fn std_lock() -> impl Fn(u64) + Sync {
    let value = std::sync::RwLock::new(Parameters::new(1));
    move |times| {
        repeat(times, || {
            black_box(value.read().expect("nobody panicked").gain);
        });
    }
}

/// Replaces, alone or while another thread reads without a pause.
fn replacing(
    beside_a_reader: bool,
    read: impl Fn() + Sync + 'static,
    mut replace: impl FnMut() + 'static,
) -> Batch {
    if beside_a_reader {
        Box::new(while_running(read, move |times| repeat(times, &mut replace)))
    } else {
        Box::new(each(replace))
    }
}

/// Adds a rival for each way to replace, beside a thread that reads or alone.
fn replaces(group: &mut Group, beside_a_reader: bool) {
    group.ours(OURS, move || {
        let value = Arc::new(Rcu::new(Parameters::new(1)));
        let read = Arc::clone(&value);
        replacing(
            beside_a_reader,
            move || {
                black_box(read.read().gain);
            },
            move || nonblock::raw::sleepable(|cx| value.replace(cx, Parameters::new(2))),
        )
    });
    group.rival(SWAP, move || {
        let value = Arc::new(ArcSwap::from_pointee(Parameters::new(1)));
        let read = Arc::clone(&value);
        replacing(
            beside_a_reader,
            move || {
                let guard: Guard<Arc<Parameters>> = read.load();
                black_box(guard.gain);
            },
            move || value.store(Arc::new(Parameters::new(2))),
        )
    });
    group.rival(EPOCH, move || {
        let value = Arc::new(Atomic::new(Parameters::new(1)));
        let read = Arc::clone(&value);
        replacing(
            beside_a_reader,
            move || {
                let guard = epoch::pin();
                // SAFETY: the value is never null, and freed by an epoch in which this guard is gone.
                black_box(unsafe { read.load(Ordering::Acquire, &guard).deref() }.gain);
            },
            move || {
                let guard = epoch::pin();
                let old = value.swap(Owned::new(Parameters::new(2)), Ordering::AcqRel, &guard);
                // SAFETY: nobody finds the old value any more who pins an epoch from now on.
                unsafe { guard.defer_destroy(old) };
            },
        )
    });
    group.rival(LOCK, move || {
        let value = Arc::new(parking_lot::RwLock::new(Parameters::new(1)));
        let read = Arc::clone(&value);
        replacing(
            beside_a_reader,
            move || {
                black_box(read.read().gain);
            },
            move || *value.write() = Parameters::new(2),
        )
    });
}
