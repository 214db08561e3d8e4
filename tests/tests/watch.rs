//! The watch: what it sees of a section, and what it leaves alone.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::time::Duration;

use nonblock::testing::violations;
use nonblock::watch::{Layers, Watch};
use nonblock::{Violation, ViolationKind};

/// What is reported of a section that runs the closure, with these layers on.
fn seen(layers: Layers, body: impl FnOnce()) -> Vec<Violation> {
    let watch = Watch::builder().layers(layers).this_thread_only().start().expect("it is here");
    let seen = violations(|| nonblock::raw::non_block(|_| body()));
    drop(watch);
    seen
}

#[test]
fn the_trap_names_the_call_that_slept_and_who_made_it() {
    let seen = seen(Layers::TRAP, || std::thread::sleep(Duration::from_millis(1)));
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(violation.kind(), ViolationKind::SyscallInNonBlock);
    let observation = violation.observation().expect("the watch saw it");
    assert_eq!(observation.system_call(), Some("clock_nanosleep"));
    assert!(observation.slept() && observation.took() >= Duration::from_millis(1));
    let frame = observation.user_frame().expect("the tests have debug information");
    assert!(frame.file().is_some_and(|file| file.ends_with("tests/watch.rs")), "{frame}");
}

#[test]
fn the_schedule_tells_of_a_sleep_and_of_nothing_else() {
    let sleeping = seen(Layers::SCHEDULE, || std::thread::sleep(Duration::from_millis(1)));
    let [violation] = &sleeping[..] else { panic!("{sleeping:?}") };
    assert_eq!(violation.kind(), ViolationKind::ScheduledInNonBlock);
    let spinning = seen(Layers::SCHEDULE, || {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(30) {}
    });
    assert!(spinning.is_empty(), "{spinning:?}");
}

#[test]
fn a_sleep_that_the_trap_tells_of_is_not_told_twice() {
    let layers = Layers::TRAP | Layers::SCHEDULE;
    let sleep = || std::thread::sleep(Duration::from_millis(1));
    // The first run brings in the memory that it touches. To wait for some of it is a sleep of its own, and is told as one.
    drop(seen(layers, sleep));
    let seen = seen(layers, sleep);
    assert_eq!(seen.len(), 1, "{seen:?}");
}
