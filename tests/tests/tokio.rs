//! Programs on tokio: which polls are sections, what lends a token there, and what is left when a task panics or is cancelled.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use nonblock::future::NonBlockExt as _;
use nonblock::testing::{CurrentTest, expect_violation};
use nonblock::tokio::{block_in_place, block_on, spawn, spawn_blocking, spawn_local};
use nonblock::{ViolationKind, raw};
use nonblock_tests::fixture::Fixture;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, LocalSet, yield_now};

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime")
}

fn each_runtime(test: impl Fn(&Runtime)) {
    test(&one_thread());
    test(&two_threads());
}

#[test]
fn each_poll_of_a_spawned_task_is_a_section() {
    each_runtime(|runtime| {
        let depths = runtime.block_on(async {
            let task = spawn(async {
                let first = raw::depth();
                tokio::time::sleep(Duration::from_millis(1)).await;
                yield_now().await;
                (first, raw::depth())
            });
            (raw::depth(), task.await.expect("it does not panic"))
        });
        assert_eq!(depths, (0, (1, 1)));
    });
}

#[test]
fn a_local_task_need_not_be_send() {
    let shared = Rc::new(Cell::new(0));
    let theirs = Rc::clone(&shared);
    LocalSet::new().block_on(&one_thread(), async move {
        spawn_local(async move {
            yield_now().await;
            theirs.set(raw::depth());
        })
        .await
        .expect("it does not panic");
    });
    assert_eq!(shared.get(), 1);
}

#[test]
fn a_set_of_tasks_takes_wrapped_futures() {
    each_runtime(|runtime| {
        let depths = runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..8 {
                tasks.spawn(async { raw::depth() }.non_block());
            }
            tasks.join_all().await
        });
        assert_eq!(depths, [1; 8]);
    });
}

#[test]
fn a_task_that_panics_leaves_no_section_open_on_its_worker() {
    each_runtime(|runtime| {
        let after = runtime.block_on(async {
            let error = spawn(async { panic!("on purpose") }).await.expect_err("it panics");
            assert!(error.is_panic());
            // On every worker.
            let mut tasks = JoinSet::new();
            for _ in 0..16 {
                tasks.spawn(async { raw::depth() });
            }
            tasks.join_all().await
        });
        assert_eq!(after, [0; 16]);
    });
}

#[test]
fn a_task_that_is_cancelled_leaves_no_section_open() {
    each_runtime(|runtime| {
        runtime.block_on(async {
            let task = spawn(pending::<()>());
            yield_now().await;
            task.abort();
            assert!(task.await.expect_err("it was cancelled").is_cancelled());
            assert_eq!(tokio::spawn(async { raw::depth() }).await.expect("it ends"), 0);
        });
    });
}

#[test]
fn a_call_that_sleeps_in_a_poll_is_found() {
    let violation = expect_violation(|| {
        let task = one_thread().block_on(spawn_in(async { nonblock::might_sleep() }));
        // The test takes the violation, so nothing panics.
        assert!(task.is_ok());
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

/// Spawns a task when the runtime has been entered.
async fn spawn_in<F: Future<Output: Send> + Send + 'static>(
    future: F,
) -> Result<F::Output, tokio::task::JoinError> {
    spawn(future).await
}

#[test]
fn a_report_names_the_task() {
    let violation = expect_violation(|| {
        one_thread().block_on(async {
            let task = spawn(async {
                nonblock::might_sleep();
                tokio::task::id().to_string()
            });
            task.await.expect("it does not panic")
        });
    });
    let task = violation.async_task().expect("it was in a task");
    assert!(task.id().parse::<u64>().is_ok(), "{task:?}");
    let text = violation.to_string();
    assert!(text.contains(&format!(", task: {}", task.id())), "{text}");
}

#[test]
fn a_violation_on_a_worker_belongs_to_the_test_that_added_it() {
    let violation = expect_violation(|| {
        let test = CurrentTest::get();
        let workers = Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_start(move || test.add_this_thread())
            .build()
            .expect("a runtime");
        let task = workers.block_on(spawn_in(async { nonblock::might_sleep() }));
        assert!(task.is_ok(), "the test takes the violation, so nothing panics");
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    assert!(violation.async_task().is_some(), "{violation}");
}

#[test]
fn outside_tasks_a_report_names_none() {
    let violation = expect_violation(|| raw::non_block(|_nb| nonblock::might_sleep()));
    assert!(violation.async_task().is_none(), "{violation}");
    assert!(!violation.to_string().contains("task:"), "{violation}");
}

#[test]
fn the_blocking_pool_lends_a_token() {
    each_runtime(|runtime| {
        let slept = runtime.block_on(async {
            spawn(async {
                spawn_blocking(|cx| {
                    nonblock::thread::sleep(cx, Duration::from_millis(1));
                    raw::depth()
                })
                .await
            })
            .await
        });
        assert_eq!(slept.expect("no panic").expect("no panic"), 0);
    });
}

#[test]
fn a_task_may_sleep_in_place_when_the_others_have_left_its_thread() {
    let depths = two_threads().block_on(async {
        spawn(async {
            let before = raw::depth();
            let within = block_in_place(|cx| {
                nonblock::thread::sleep(cx, Duration::from_millis(1));
                raw::depth()
            });
            yield_now().await;
            (before, within, raw::depth())
        })
        .await
    });
    assert_eq!(depths.expect("no panic"), (1, 0, 1));
}

#[test]
fn in_place_within_a_future_within_a_task_suspends_both_polls() {
    let depths = two_threads().block_on(async {
        spawn(async {
            let inner = async { (raw::depth(), block_in_place(|_cx| raw::depth())) };
            let inner = inner.non_block().await;
            (inner, raw::depth())
        })
        .await
    });
    assert_eq!(depths.expect("no panic"), ((2, 0), 1));
}

#[test]
fn a_section_within_a_poll_must_not_sleep_in_place() {
    let (line, task) = (line!() + 2, async {
        nonblock::non_block(|_nb| {
            block_in_place(|_cx| ());
        });
    });
    // The worker is no thread of this test, so the report is the panic of the task.
    let error = two_threads().block_on(spawn_in(task)).expect_err("it is reported");
    let panic = error.into_panic();
    let message = panic.downcast_ref::<String>().expect("a report");
    let place = format!("called from invalid context at {}:{line}:", file!());
    assert!(message.contains(&place), "{message}");
}

#[test]
fn a_panic_in_place_leaves_the_polls_as_they_were() {
    let depth = two_threads().block_on(async {
        spawn(async {
            let sleep = || block_in_place(|_cx| panic!("on purpose"));
            let caught = std::panic::catch_unwind(sleep);
            (caught.is_err(), raw::depth(), block_in_place(|_cx| raw::depth()))
        })
        .await
    });
    assert_eq!(depth.expect("caught"), (true, 1, 0));
}

#[test]
fn a_thread_that_may_sleep_waits_for_a_future_whose_polls_are_sections() {
    let runtime = two_threads();
    let _entered = runtime.enter();
    let depth = nonblock::sleepable(|cx| {
        block_on(cx, async {
            yield_now().await;
            raw::depth()
        })
    });
    assert_eq!(depth, 1);
    let nested = runtime.block_on(async {
        let task = spawn(async {
            block_in_place(|cx| block_on(cx, async { block_in_place(|_cx| raw::depth()) }))
        });
        task.await
    });
    assert_eq!(nested.expect("no panic"), 0);
}

#[test]
fn waiting_without_a_runtime_says_what_to_do() {
    let wait = || nonblock::sleepable(|cx| block_on(cx, async {}));
    let panic = std::panic::catch_unwind(wait).expect_err("there is none");
    let message = panic.downcast_ref::<&str>().expect("a text");
    assert!(message.contains("runtime.enter()"), "{message}");
}

/// tokio's hooks are there in builds of their own only.
#[test]
fn a_whole_runtime_is_made_of_sections_by_one_line() {
    let fixture = Fixture::new("tokio_hooks", env!("CARGO_TARGET_TMPDIR"))
        .with_variable("RUSTFLAGS", "--cfg tokio_unstable");
    let outcome = fixture.succeed("test", &["--lib"]);
    assert!(outcome.stdout.contains("4 passed"), "{outcome:#?}");
}
