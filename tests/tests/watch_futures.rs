//! The watch in polls: what blocks there is found, with the task and the line, and what lies between two polls is not.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::time::Duration;

use nonblock::testing::violations;
use nonblock::tokio::{block_in_place, spawn, spawn_local};
use nonblock::watch::{Layers, Watch};
use nonblock::{Violation, ViolationKind};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, yield_now};

/// What is reported while a task runs on this thread, in sections, with these layers on.
fn seen(layers: Layers, task: impl Future<Output = ()> + 'static) -> Vec<Violation> {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let watch = Watch::builder().layers(layers).this_thread_only().start().expect("it is here");
    let seen = violations(|| {
        LocalSet::new().block_on(&runtime, async { spawn_local(task).await.expect("no panic") });
    });
    drop(watch);
    seen
}

#[test]
fn what_sleeps_in_a_poll_is_named_with_its_line_and_its_task() {
    let line = line!() + 3;
    let seen = seen(Layers::TRAP | Layers::SCHEDULE, async {
        yield_now().await;
        std::thread::sleep(Duration::from_millis(1));
        yield_now().await;
    });
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(violation.kind(), ViolationKind::SyscallInNonBlock);
    let frame = violation.observation().and_then(|seen| seen.user_frame()).expect("it has lines");
    assert_eq!(frame.line(), Some(line), "{violation}");
    assert!(!violation.async_task().expect("it is a task").id().is_empty(), "{violation}");
}

const LINE_OF_INNER: u32 = line!() + 4;

async fn reads_the_settings() {
    yield_now().await;
    std::thread::sleep(Duration::from_millis(1));
}

const LINE_OF_OUTER: u32 = line!() + 4;

async fn answers() {
    yield_now().await;
    reads_the_settings().await;
}

#[test]
fn the_lines_of_the_awaits_lead_from_the_task_to_the_call() {
    let spawned = line!() + 1;
    let seen = seen(Layers::TRAP, async { answers().await });
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    let frames = violation.observation().expect("the watch saw it").frames();
    let own = frames
        .iter()
        .filter(|frame| frame.file().is_some_and(|file| file.ends_with("watch_futures.rs")));
    let lines: Vec<_> = own.filter_map(nonblock::watch::Frame::line).collect();
    assert_eq!(lines, [LINE_OF_INNER, LINE_OF_OUTER, spawned], "{violation}");
}

#[test]
fn a_task_that_waits_by_awaiting_sleeps_in_no_section() {
    let seen = seen(Layers::TRAP | Layers::SCHEDULE, async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_task_that_sleeps_in_place_is_not_reported() {
    let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let _watch = Watch::builder().layers(Layers::SCHEDULE).start().expect("it is here");
    let seen = violations(|| {
        runtime.block_on(async {
            let task = spawn(async {
                block_in_place(|cx| nonblock::thread::sleep(cx, Duration::from_millis(1)));
            });
            task.await.expect("it is not reported, which would panic");
        });
    });
    assert!(seen.is_empty(), "{seen:?}");
}
