//! The watch in polls of other executors than tokio's, smol's and embassy's: what blocks there is found with its line, and what waits
//! by awaiting is not.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use embassy_executor::{Executor, Spawner};
use nonblock::future::NonBlockExt as _;
use nonblock::testing::violations;
use nonblock::watch::{Layers, Watch};
use nonblock::{Violation, ViolationKind, raw};
use nonblock_tests::fixture::Fixture;
use smol::channel::{Receiver, Sender, bounded};

/// What is reported while an executor runs on this thread, under the trap and the schedule.
fn seen(run: impl FnOnce()) -> Vec<Violation> {
    let layers = Layers::TRAP | Layers::SCHEDULE;
    let watch = Watch::builder().layers(layers).this_thread_only().start().expect("it is here");
    let seen = violations(run);
    drop(watch);
    seen
}

/// Is pending once.
async fn yield_now() {
    let mut was_pending = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut was_pending, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

const LINE_OF_SLEEP: u32 = line!() + 4;

async fn sleeps_after_an_await() {
    yield_now().await;
    std::thread::sleep(Duration::from_millis(1));
    yield_now().await;
}

/// Asserts that one sleep was found, at its line.
#[track_caller]
fn assert_found_sleep(seen: &[Violation]) {
    let [violation] = seen else { panic!("{seen:?}") };
    assert_eq!(violation.kind(), ViolationKind::SyscallInNonBlock);
    let observation = violation.observation().expect("the watch saw it");
    assert_eq!(observation.system_call(), Some("clock_nanosleep"));
    let frame = observation.user_frame().expect("it has lines");
    assert!(frame.file().is_some_and(|file| file.ends_with("executors.rs")), "{violation}");
    assert_eq!(frame.line(), Some(LINE_OF_SLEEP), "{violation}");
}

/// Runs a task of smol's on this thread, whose every poll is a section.
fn on_smol<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
    let executor = smol::Executor::new();
    smol::block_on(executor.run(executor.spawn(task.non_block())))
}

#[test]
fn what_sleeps_in_a_task_of_smol_is_found_at_its_line() {
    assert_found_sleep(&seen(|| on_smol(sleeps_after_an_await())));
}

#[test]
fn a_task_of_smol_that_waits_by_awaiting_is_clean() {
    let seen = seen(|| {
        let (request, requests) = bounded(1);
        let (answer, answers) = bounded(1);
        let executor = smol::Executor::new();
        executor.spawn(answer_requests(requests, answer).non_block()).detach();
        let asks = async move {
            // No timer of smol's: to set one may wait for the mutex of its thread.
            yield_now().await;
            request.send(40).await.expect("it is read");
            answers.recv().await.expect("it is answered")
        };
        assert_eq!(smol::block_on(executor.run(executor.spawn(asks.non_block()))), 42);
    });
    assert!(seen.is_empty(), "{seen:?}");
}

async fn answer_requests(requests: Receiver<u32>, answer: Sender<u32>) {
    while let Ok(request) = requests.recv().await {
        answer.send(request + 2).await.expect("it is waited for");
    }
}

#[test]
fn a_task_of_smol_hands_over_what_may_sleep() {
    let depths = on_smol(async {
        let within = smol::unblock(|| {
            nonblock::sleepable(|cx| nonblock::thread::sleep(cx, Duration::from_millis(1)));
            raw::depth()
        });
        (within.await, raw::depth())
    });
    assert_eq!(depths, (0, 1));
}

/// Runs tasks of embassy's on this thread until the flag is up.
fn on_embassy(spawn: impl FnOnce(Spawner), is_done: &'static AtomicBool) {
    let executor = Box::leak(Box::new(Executor::new()));
    executor.run_until(spawn, || is_done.load(Ordering::Relaxed));
}

#[embassy_executor::task]
async fn sleeps(is_done: &'static AtomicBool) {
    sleeps_after_an_await().non_block().await;
    is_done.store(true, Ordering::Relaxed);
}

#[test]
fn what_sleeps_in_a_task_of_embassy_is_found_at_its_line() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let spawn = |spawner: Spawner| spawner.spawn(sleeps(&DONE).expect("it is free"));
    assert_found_sleep(&seen(|| on_embassy(spawn, &DONE)));
}

#[embassy_executor::task]
async fn answers(requests: Receiver<u32>, answer: Sender<u32>) {
    answer_requests(requests, answer).non_block().await;
}

#[embassy_executor::task]
async fn asks(request: Sender<u32>, answers: Receiver<u32>, is_done: &'static AtomicBool) {
    let asked = async move {
        request.send(40).await.expect("it is read");
        answers.recv().await.expect("it is answered")
    };
    assert_eq!(asked.non_block().await, 42);
    is_done.store(true, Ordering::Relaxed);
}

#[test]
fn tasks_of_embassy_that_wait_for_each_other_are_clean() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let spawn = |spawner: Spawner| {
        let (request, requests) = bounded(1);
        let (answer, to_asker) = bounded(1);
        spawner.spawn(answers(requests, answer).expect("it is free"));
        spawner.spawn(asks(request, to_asker, &DONE).expect("it is free"));
    };
    let seen = seen(|| on_embassy(spawn, &DONE));
    assert!(seen.is_empty(), "{seen:?}");
}

/// embassy calls functions of the program at both ends of a poll, with its feature `trace`.
#[test]
fn a_whole_program_of_embassy_is_made_of_sections_by_its_trace_functions() {
    let fixture = Fixture::new("embassy_hooks", env!("CARGO_TARGET_TMPDIR"));
    let outcome = fixture.succeed("test", &["--lib"]);
    assert!(outcome.stdout.contains("3 passed"), "{outcome:#?}");
}
