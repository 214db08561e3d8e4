//! What the watch of this library says of an operation, in sections.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

use nonblock::watch::{Layers, Watch};
use nonblock::{Violation, ViolationKind};

use super::counts::{BEFORE, EARLIER, When, quietly};
use crate::bench::Bench;
use crate::figures::{Range, Sample};

/// How many sections are watched in the steady state. Each that is reported costs some milliseconds.
const WATCHED: usize = 100;

static REPORTED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

fn note(violation: &Violation) {
    let what = match (violation.kind(), violation.observation()) {
        (ViolationKind::SyscallInNonBlock, Some(seen)) => {
            format!("watch call {}", seen.system_call().unwrap_or("another call"))
        }
        (ViolationKind::AllocInNonBlock, _) => "watch memory".to_owned(),
        (ViolationKind::ScheduledInNonBlock, _) => "watch sleep".to_owned(),
        (kind, _) => format!("watch {}", kind.name()),
    };
    *REPORTED.lock().expect("nobody panics").entry(what).or_default() += 1;
}

/// Runs calls in sections under watch, on a fresh thread, and says of what there were reports.
pub fn watch(bench: &Bench<'_>, when: When) -> Sample {
    nonblock::set_handler(Some(note));
    if when == When::FirstOnThread {
        let earlier = thread::scope(|scope| scope.spawn(|| quietly(bench, EARLIER)).join());
        earlier.expect("the operation does not panic");
    }
    let layers = Layers::TRAP | Layers::SCHEDULE | Layers::ALLOC;
    let watched = thread::scope(|scope| {
        let watched = scope.spawn(|| {
            if when == When::Steady {
                quietly(bench, BEFORE);
            }
            let watch = Watch::builder().layers(layers).this_thread_only().start();
            let watch = watch.expect("the watch can be had");
            // Sets the thread up.
            nonblock::raw::non_block(|_nb| ());
            REPORTED.lock().expect("nobody panics").clear();
            for _ in 0..if when == When::Steady { WATCHED } else { 1 } {
                (bench.prepare)();
                nonblock::raw::non_block(|_nb| (bench.call)());
                (bench.after)();
            }
            drop(watch);
        });
        watched.join()
    });
    watched.expect("the operation does not panic");
    let mut sample = Sample::default();
    for (what, &times) in REPORTED.lock().expect("nobody panics").iter() {
        sample.set(what, Range::of([times]));
    }
    sample
}
