//! Threads: which token they are lent, which token a join takes, and what happens if they panic.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::testing::{expect_violation, violations};
use nonblock::{cant_sleep, might_sleep, non_block, raw, sleepable, thread};

#[test]
fn a_thread_is_lent_the_right_to_sleep_and_its_result_is_joined() {
    let found = violations(|| {
        let worker = thread::spawn(|cx| {
            thread::sleep(cx, Duration::from_millis(1));
            cx.non_block(|_nb| raw::depth())
        });
        assert_eq!(sleepable(|cx| worker.join(cx)).unwrap(), 1);
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn sleep_takes_its_time() {
    let began = Instant::now();
    sleepable(|cx| thread::sleep(cx, Duration::from_millis(20)));
    assert!(began.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_thread_that_is_started_in_a_section_is_reported_and_is_in_none() {
    let found = violations(|| {
        // The handle leaves the section: its drop there would be reported too.
        let worker = non_block(|_nb| {
            let worker = thread::spawn(|cx| {
                might_sleep();
                thread::sleep(cx, Duration::from_millis(1));
                raw::depth()
            });
            // A section cannot join it: it looks.
            while !worker.is_finished() {
                std::hint::spin_loop();
            }
            cant_sleep();
            worker
        });
        assert_eq!(sleepable(|cx| worker.join(cx).unwrap()), 0);
    });
    let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();
    assert_eq!(kinds, [SleepInNonBlock], "the start, and nothing in the thread: {found:?}");
}

#[test]
fn the_panic_of_a_thread_is_what_its_join_returns() {
    sleepable(|cx| {
        let worker = thread::spawn(|cx| cx.non_block(|_nb| resume_unwind(Box::new("its panic"))));
        let panic = worker.join(cx).map(|()| "no panic").expect_err("it panicked");
        assert_eq!(panic.downcast_ref(), Some(&"its panic"));
        assert_eq!(raw::depth(), 0);
    });
}

#[test]
fn a_handle_says_who_the_thread_is_and_whether_it_has_ended() {
    let (go, wait) = mpsc::channel::<()>();
    let worker = thread::Builder::new()
        .name("worker")
        .stack_size(256 * 1024)
        .spawn(move |_cx| wait.recv().is_err())
        .expect("a thread starts");
    assert_eq!(worker.thread().name(), Some("worker"));
    assert!(!worker.is_finished());
    drop(go);
    assert!(sleepable(|cx| worker.join(cx)).unwrap());
}

#[test]
fn a_thread_that_nobody_joins_runs_on() {
    let (done, is_done) = mpsc::channel();
    drop(thread::spawn(move |_cx| done.send(5).unwrap()));
    assert_eq!(is_done.recv(), Ok(5));
}

// Waiting in a section.

/// Runs the closure with the right to sleep, inside a section: what only the counters see.
fn in_a_section_all_the_same<R>(f: impl FnOnce(&mut nonblock::Sleepable) -> R) -> R {
    // The token is lent outside, and the section opened by an unpaired start.
    raw::sleepable(|cx| {
        raw::non_block_start();
        let result = f(cx);
        raw::non_block_end();
        result
    })
}

#[test]
fn waiting_in_a_section_is_reported_at_its_caller() {
    let lines = std::cell::RefCell::new(Vec::new());
    let here = |line| lines.borrow_mut().push(line);
    let found = violations(|| {
        let worker = thread::spawn(|_cx| ());
        in_a_section_all_the_same(|cx| {
            here(line!() + 1);
            thread::sleep(cx, Duration::ZERO);
            here(line!() + 1);
            worker.join(cx).unwrap();
            here(line!() + 1);
            thread::scope(cx, |_scope, _cx| ());
        });
        raw::sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                raw::non_block(|_nb| {
                    here(line!() + 1);
                    let worker = scope.spawn(|_cx| ());
                    here(line!() + 1);
                    worker.join(cx).unwrap();
                });
            });
        });
    });
    assert!(found.iter().all(|violation| violation.kind() == SleepInNonBlock));
    assert!(found.iter().all(|violation| violation.location().file() == file!()));
    let found: Vec<_> = found.iter().map(|violation| violation.location().line()).collect();
    assert_eq!(found, *lines.borrow());
}

// Scopes.

#[test]
fn a_scope_returns_its_value_and_its_threads_borrow() {
    let parts = [AtomicU32::new(0), AtomicU32::new(0)];
    let sum = sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let joined = scope.spawn(|cx| {
                thread::sleep(cx, Duration::from_millis(1));
                parts[0].fetch_add(3, Ordering::Relaxed);
                4
            });
            let left_to_the_scope = scope.spawn(|_cx| parts[1].fetch_add(5, Ordering::Relaxed));
            let joined = joined.join(cx).unwrap();
            drop(left_to_the_scope);
            thread::sleep(cx, Duration::from_millis(1));
            joined
        })
    });
    assert_eq!(sum, 4);
    assert_eq!(parts.map(AtomicU32::into_inner), [3, 5]);
}

#[test]
fn a_scope_may_be_used_by_its_own_threads() {
    let count = AtomicU32::new(0);
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            let count = &count;
            scope.spawn(move |cx| {
                let inner = scope.spawn(|_cx| count.fetch_add(1, Ordering::Relaxed));
                inner.join(cx).unwrap();
                count.fetch_add(1, Ordering::Relaxed);
            });
        });
    });
    assert_eq!(count.into_inner(), 2);
}

#[test]
fn a_named_thread_runs_in_a_scope() {
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let builder = thread::Builder::new().name("scoped");
            let worker = builder
                .spawn_scoped(scope, |_cx| std::thread::current().name().map(str::to_owned))
                .expect("a thread starts");
            assert_eq!(worker.join(cx).unwrap().as_deref(), Some("scoped"));
        });
    });
}

#[test]
fn the_panic_of_a_scoped_thread_is_what_its_join_returns() {
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let worker = scope.spawn(|_cx| resume_unwind(Box::new(7)));
            let panic = worker.join(cx).map(|()| "no panic").expect_err("it panicked");
            assert_eq!(panic.downcast_ref(), Some(&7));
        });
    });
}

#[test]
fn the_panic_of_a_scoped_thread_that_nobody_joined_is_the_scopes() {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                scope.spawn(|_cx| resume_unwind(Box::new(())));
            });
        });
    }));
    let panic = panicked.expect_err("the scope panics");
    assert_eq!(panic.downcast_ref(), Some(&"a scoped thread panicked"));
}

#[test]
fn a_panic_in_a_scope_still_waits_for_its_threads() {
    let done = AtomicU32::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        sleepable(|cx| {
            thread::scope(cx, |scope, _cx| {
                scope.spawn(|cx| {
                    thread::sleep(cx, Duration::from_millis(20));
                    done.store(1, Ordering::Relaxed);
                });
                resume_unwind(Box::new(()));
            });
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(done.into_inner(), 1);
}

#[test]
fn a_root_in_a_thread_of_its_own_is_no_fault() {
    // A plain thread lends nothing, so its work begins with a root, wherever it was started.
    let found = violations(|| {
        non_block(|_nb| {
            let plain = std::thread::spawn(|| expect_violation(|| cant_sleep()).depth());
            while !plain.is_finished() {
                std::hint::spin_loop();
            }
        });
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_thread_that_joins_itself_says_so() {
    let (give, take) = mpsc::channel::<thread::JoinHandle<()>>();
    let (told, hears) = mpsc::channel();
    let handle = thread::spawn(move |cx| {
        let own = take.recv().unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| own.join(cx))).unwrap_err();
        told.send(*panicked.downcast::<&str>().unwrap()).unwrap();
    });
    give.send(handle).unwrap();
    let text = hears.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(text, "a thread waits for itself: join it elsewhere");
}

/// Its user has looked, and is about to park. In between he waits for something of the library's.
#[test]
fn a_wait_leaves_the_token_of_an_unpark() {
    use nonblock::sync::{Completion, Condvar, Mutex, channel};

    static MUTEX: Mutex<u32> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();
    static DONE: Completion = Completion::new();

    type Wait = fn(&mut nonblock::Sleepable, &channel::Receiver<u32>);
    let waits: [(&str, Wait); 5] = [
        ("a mutex", |cx, _| *MUTEX.lock(cx) += 1),
        ("a condition variable", |cx, _| {
            let mut guard = MUTEX.lock(cx);
            CHANGED.wait(cx, &mut guard);
        }),
        ("a completion", |cx, _| _ = DONE.wait(cx)),
        ("a channel", |cx, receiver| _ = receiver.recv(cx)),
        ("a select", |cx, receiver| {
            let mut select = channel::Select::new();
            select.recv(receiver, drop);
            select.select(cx);
        }),
    ];
    for (what, wait) in waits {
        let (sender, receiver) = channel::bounded(1);
        sleepable(|cx| {
            let held = what.contains("mutex").then(|| MUTEX.lock(cx));
            let waiter = thread::spawn(move |cx| {
                wait(cx, &receiver);
                let began = Instant::now();
                thread::park_timeout(cx, Duration::from_secs(20));
                began.elapsed()
            });
            // It waits by now. Its user's token ends the park, and it waits on.
            thread::sleep(cx, Duration::from_millis(50));
            waiter.thread().unpark();
            thread::sleep(cx, Duration::from_millis(20));
            drop(held);
            CHANGED.notify_all();
            DONE.complete();
            let _ = sender.try_send(1);
            let parked = waiter.join(cx).unwrap();
            assert!(parked < Duration::from_secs(10), "{what} took it: parked for {parked:?}");
            DONE.reinit();
        });
    }
}
