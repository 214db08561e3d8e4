//! What it costs to look at who waits for whom: a mutex whose order is known, against the raw lock and `tracing-mutex`.

use std::hint::black_box;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use benches::{Goal, Group, Plan, repeat, timed};
use nonblock::lockdep::Class;
use nonblock::sync::Mutex;
use tracing_mutex::stdsync::tracing::Mutex as TracingMutex;

use crate::raw::BareMutex;

const RAW: &str = "the raw lock";
const MUTEX: &str = "nonblock's Mutex, with lockdep";
const STD: &str = "std's Mutex";
const TRACING: &str = "tracing-mutex, over std's";

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("lockdep_mutex", "A mutex, with nothing held", |group| mutexes(group, false));
    plan.group("lockdep_held", "A mutex, with another held, and their order known", |group| {
        mutexes(group, true);
    });
    plan.curve(
        "lockdep_classes",
        "A mutex, with another held, among so many classes",
        "classes",
        &[10, 1_000, 10_000],
        |classes, group| {
            group.about(
                "So many classes, with ten times as many dependencies, all known, but no more than there is room for. The mutex is \
                 one of the last.",
            );
            group.ours(MUTEX, move || {
                fill(classes);
                locked_with_another()
            });
        },
    );
}

fn mutexes(group: &mut Group, holds: bool) {
    group.about(
        "The feature `lockdep` is on in this build. `tracing-mutex` looks at locks only, and at their order: it is on in this build too.",
    );
    group.rival(RAW, || {
        let lock = BareMutex::new();
        timed(move |times| repeat(times, || black_box(&lock).raise()))
    });
    if holds {
        group.ours(MUTEX, locked_with_another);
    } else {
        group.ours(MUTEX, || {
            let lock = Mutex::new(0_u64);
            timed(move |times| {
                nonblock::raw::sleepable(|cx| repeat(times, || *black_box(&lock).lock(cx) += 1));
            })
        });
    }
    group.rival(STD, move || {
        let (outer, lock) = (StdMutex::new(0_u64), StdMutex::new(0_u64));
        timed(move |times| {
            let held = holds.then(|| outer.lock());
            repeat(times, || *black_box(&lock).lock().expect("nobody panics") += 1);
            drop(held);
        })
    });
    group.rival(TRACING, move || {
        let (outer, lock) = (TracingMutex::new(0_u64), TracingMutex::new(0_u64));
        timed(move |times| {
            let held = holds.then(|| outer.lock());
            repeat(times, || *black_box(&lock).lock().expect("nobody panics") += 1);
            drop(held);
        })
    });
    group.goal(Goal::at_most(1.5, MUTEX, RAW));
    if holds {
        group.goal(Goal::at_most(1.0, MUTEX, TRACING));
    }
    group.counted(1000);
}

/// Locks a mutex while another is held, whose order is known.
fn locked_with_another() -> impl FnMut(u64) -> Duration {
    let (outer, lock) = (Mutex::new(0_u64), Mutex::new(0_u64));
    timed(move |times| {
        nonblock::raw::sleepable(|cx| {
            let held = outer.lock(cx);
            repeat(times, || *black_box(&lock).lock(cx) += 1);
            drop(held);
        });
    })
}

/// Makes so many classes, and ten dependencies of each on later ones.
fn fill(classes: u64) {
    let classes: Vec<Class> =
        (0..classes).map(|number| Class::new(String::leak(format!("class {number}")))).collect();
    for (at, class) in classes.iter().enumerate() {
        let held = class.acquire();
        for later in classes.iter().skip(at + 1).take(10) {
            later.wait();
        }
        drop(held);
    }
}
