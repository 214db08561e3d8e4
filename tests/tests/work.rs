//! Work queues: pushed from sections, handled by workers or by hand, shut down without loss.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::{Duration, Instant};

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::sync::{Completion, Mutex};
use nonblock::testing::violations;
use nonblock::work::{Full, Queue};
use nonblock::{Context, Sleepable, Violation, non_block, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

/// Pushes from a section, as a callback would.
#[track_caller]
fn push<T: Send>(queue: &Queue<T>, item: T) {
    assert!(try_push(queue, item).is_ok(), "there is room");
}

fn try_push<T: Send>(queue: &Queue<T>, item: T) -> Result<(), Full<T>> {
    non_block(|nb| queue.push(nb, item))
}

/// Waits for what another thread is about to do.
#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn items_come_out_in_the_order_they_went_in() {
    let queue = Queue::with_capacity(4);
    for round in 0..3 {
        (0..4).for_each(|item| push(&queue, round * 4 + item));
        assert_eq!(queue.len(), 4);
        let taken: Vec<_> = std::iter::from_fn(|| queue.try_pop()).collect();
        assert_eq!(taken, [0, 1, 2, 3].map(|item| round * 4 + item));
    }
    assert!(queue.is_empty());
}

#[test]
fn a_full_queue_gives_the_item_back() {
    let queue = Queue::with_capacity(2);
    push(&queue, "a");
    push(&queue, "b");
    assert_eq!(try_push(&queue, "c"), Err(Full("c")));
    assert_eq!(try_push(&queue, "c").unwrap_err().into_inner(), "c");
    assert_eq!(queue.try_pop(), Some("a"));
    push(&queue, "c");
    let stats = queue.stats();
    assert_eq!((stats.pushed, stats.handled, stats.refused, stats.highest), (3, 1, 2, 2));
    assert_eq!(
        stats.to_string(),
        "pushed: 3, handling: 0, handled: 1 (0 panicked), refused: 2, highest: 2 of 2"
    );
}

#[test]
fn full_is_an_error_whatever_the_item_is() {
    struct Opaque;

    fn is_error<E: Error + Send + 'static>(error: &E) -> String {
        format!("{error} {error:?}")
    }

    let queue = Queue::with_capacity(1);
    push(&queue, Opaque);
    let refused = try_push(&queue, Opaque).unwrap_err();
    let text = "the queue takes no more: it is full, or shut down Full(..)";
    assert_eq!(is_error(&refused), text);
    assert_eq!(format!("{queue:?}"), "Queue { len: 1, capacity: 1, closed: false, .. }");
}

#[test]
#[should_panic(expected = "a queue of capacity 0 takes nothing: expected at least 1")]
fn a_queue_without_room_is_refused() {
    let _ = Queue::<u8>::with_capacity(0);
}

#[test]
fn a_closed_queue_gives_up_what_it_holds_and_takes_no_more() {
    let queue = Queue::with_capacity(4);
    push(&queue, 1);
    push(&queue, 2);
    assert!(!queue.is_closed());
    queue.close();
    queue.close();
    assert!(queue.is_closed());
    assert_eq!(try_push(&queue, 3), Err(Full(3)));
    sleepable(|cx| {
        assert_eq!(queue.push_from(cx, 4), Err(Full(4)));
        assert_eq!((queue.pop(cx), queue.pop(cx), queue.pop(cx)), (Some(1), Some(2), None));
    });
    assert_eq!(queue.stats().refused, 2);
}

#[test]
fn draining_takes_what_is_there() {
    let queue = Queue::with_capacity(8);
    sleepable(|cx| {
        assert!(queue.drain(cx).is_empty());
        (0..5).for_each(|item| push(&queue, item));
        assert_eq!(queue.drain(cx), [0, 1, 2, 3, 4]);
        push(&queue, 5);
        queue.close();
        assert_eq!(queue.drain(cx), [5]);
    });
    assert_eq!(queue.stats().handled, 6);
}

#[test]
fn a_worker_handles_items_and_may_sleep() {
    let queue = Queue::with_capacity(8);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let found = violations(|| {
        let log = Arc::clone(&seen);
        let worker = queue
            .worker("flusher", move |item, cx| {
                thread::sleep(cx, Duration::from_millis(1));
                log.lock(cx).push((item, std::thread::current().name().map(str::to_owned)));
            })
            .expect("a thread starts");
        assert_eq!(worker.thread().name(), Some("flusher"));
        (0..5).for_each(|item| push(&queue, item));
        sleepable(|cx| queue.shutdown(cx));
    });
    assert!(found.is_empty(), "{found:?}");
    let seen = std::mem::take(&mut *sleepable(|cx| seen.lock(cx)));
    assert_eq!(seen.iter().map(|(item, _)| *item).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert!(seen.iter().all(|(_, name)| name.as_deref() == Some("flusher")));
    assert_eq!((queue.stats().handled, queue.len()), (5, 0));
}

#[test]
fn a_worker_that_waits_is_woken_by_a_push() {
    let queue = Queue::with_capacity(1);
    let done = Arc::new(Completion::new());
    queue
        .worker("waits", {
            let done = Arc::clone(&done);
            move |(), _cx| done.complete()
        })
        .expect("a thread starts");
    for _ in 0..20 {
        // Long enough, mostly, for the worker to wait again.
        std::thread::sleep(Duration::from_micros(500));
        push(&queue, ());
        assert!(sleepable(|cx| done.wait_for(cx, Duration::from_secs(30)).is_some()));
    }
    sleepable(|cx| queue.shutdown(cx));
}

#[test]
fn several_workers_work_at_once() {
    let queue = Queue::with_capacity(8);
    let at_once = Arc::new(std::sync::Barrier::new(3));
    for name in ["one", "two", "three"] {
        let at_once = Arc::clone(&at_once);
        // Passes only when three handlers are in it.
        let handler = move |(), _cx: &mut nonblock::Sleepable| {
            at_once.wait();
        };
        queue.worker(name, handler).expect("a thread starts");
    }
    (0..6).for_each(|_| push(&queue, ()));
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!(queue.stats().handled, 6);
}

#[test]
fn a_handler_that_panics_loses_its_item_only() {
    let queue = Queue::with_capacity(8);
    let sum = Arc::new(AtomicUsize::new(0));
    queue
        .worker("unlucky", {
            let sum = Arc::clone(&sum);
            move |item: usize, _cx| {
                assert!(item != 2, "the test says so");
                sum.fetch_add(item, Ordering::Relaxed);
            }
        })
        .expect("a thread starts");
    (1..=4).for_each(|item| push(&queue, item));
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!(sum.load(Ordering::Relaxed), 1 + 3 + 4);
    assert_eq!((queue.stats().handled, queue.stats().panicked), (4, 1));
}

#[test]
fn what_is_panicked_with_may_panic_in_turn() {
    struct Again;

    impl Drop for Again {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    let queue = Queue::with_capacity(2);
    queue.worker("very unlucky", |(), _cx| std::panic::panic_any(Again)).expect("a thread starts");
    push(&queue, ());
    push(&queue, ());
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!(queue.stats().panicked, 2);
}

#[test]
fn a_section_that_a_handler_leaves_open_is_reported_and_closed() {
    let queue = Queue::with_capacity(4);
    let found = violations(|| {
        queue
            .worker("careless", |leave: bool, cx| {
                if leave {
                    raw::non_block_start();
                } else {
                    thread::sleep(cx, Duration::ZERO);
                }
            })
            .expect("a thread starts");
        for leave in [false, true, false] {
            push(&queue, leave);
        }
        sleepable(|cx| queue.shutdown(cx));
    });
    let [violation] = &found[..] else { panic!("{found:?}") };
    assert_eq!(violation.kind(), SleepInNonBlock);
    assert_eq!(violation.task().name(), "careless");
    // Where the worker was started, and where its handler opened the section.
    assert_eq!(violation.location().file(), file!());
    let section = violation.section().expect("it is open");
    assert_eq!(section.line() - violation.location().line(), 2);
    assert_eq!((queue.stats().handled, queue.stats().panicked), (3, 0));
}

#[test]
fn shutting_down_waits_for_what_is_being_handled() {
    let queue = Queue::with_capacity(1);
    let captured = Arc::new(());
    queue
        .worker("slow", {
            let captured = Arc::clone(&captured);
            move |(), cx| {
                thread::sleep(cx, SHORT);
                assert_eq!(Arc::strong_count(&captured), 2);
            }
        })
        .expect("a thread starts");
    push(&queue, ());
    until(|| queue.is_empty());
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!((queue.stats().handled, queue.stats().panicked), (1, 0));
    // The worker has ended: the handler is gone.
    assert_eq!(Arc::strong_count(&captured), 1);
    // Again, with nothing left to wait for.
    sleepable(|cx| queue.shutdown(cx));
}

#[test]
fn several_threads_may_shut_down_and_each_waits() {
    let queue = Queue::with_capacity(1);
    queue.worker("slow", |(), cx| thread::sleep(cx, SHORT)).expect("a thread starts");
    push(&queue, ());
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for _ in 0..3 {
                scope.spawn(|cx| {
                    queue.shutdown(cx);
                    assert_eq!(queue.stats().handled, 1);
                });
            }
        });
    });
}

#[test]
fn a_handler_cannot_wait_for_itself() {
    let queue = Arc::new(Queue::with_capacity(1));
    let weak = Arc::downgrade(&queue);
    let (started, go_on) = (Arc::new(Completion::new()), Arc::new(Completion::new()));
    queue
        .worker("circular", {
            let (started, go_on) = (Arc::clone(&started), Arc::clone(&go_on));
            move |(), cx| {
                started.complete();
                go_on.wait(cx);
                weak.upgrade().expect("the test keeps it").shutdown(cx);
            }
        })
        .expect("a thread starts");
    push(&queue, ());
    sleepable(|cx| {
        started.wait(cx);
        go_on.complete();
        queue.shutdown(cx);
    });
    assert_eq!((queue.stats().handled, queue.stats().panicked), (1, 1));
}

#[test]
fn without_a_worker_shutting_down_leaves_what_is_there() {
    let queue = Queue::with_capacity(4);
    push(&queue, 1);
    push(&queue, 2);
    sleepable(|cx| {
        queue.shutdown(cx);
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.drain(cx), [1, 2]);
    });
    // A worker that comes late handles the rest and ends.
    let queue = Queue::with_capacity(4);
    push(&queue, 1);
    queue.close();
    queue.worker("late", |_item, _cx| ()).expect("a thread starts");
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!(queue.stats().handled, 1);
}

#[test]
fn dropping_a_queue_only_signals_and_its_workers_finish() {
    let queue = Queue::with_capacity(4);
    let (go_on, handled) = (Arc::new(Completion::new()), Arc::new(AtomicUsize::new(0)));
    queue
        .worker("finishes", {
            let (go_on, handled) = (Arc::clone(&go_on), Arc::clone(&handled));
            move |(), cx| {
                go_on.wait(cx);
                handled.fetch_add(1, Ordering::Relaxed);
            }
        })
        .expect("a thread starts");
    (0..3).for_each(|_| push(&queue, ()));
    // It waits for nobody. In a section it would be reported, since it releases memory: see `drop_costs.rs`.
    drop(queue);
    assert_eq!(handled.load(Ordering::Relaxed), 0);
    go_on.complete_all();
    until(|| handled.load(Ordering::Relaxed) == 3);
    // It has ended, and let go of what it captured.
    until(|| Arc::strong_count(&handled) == 1);
}

#[test]
fn without_a_worker_dropping_a_queue_drops_its_items() {
    let item = Arc::new(());
    let queue = Queue::with_capacity(4);
    (0..3).for_each(|_| push(&queue, Arc::clone(&item)));
    assert_eq!(Arc::strong_count(&item), 4);
    drop(queue);
    assert_eq!(Arc::strong_count(&item), 1);
}

#[test]
fn a_sleepable_push_waits_for_room_and_a_section_is_refused() {
    fn offer<C: Context>(queue: &Queue<u32>, item: u32, cx: &mut C) -> Result<(), Full<u32>> {
        queue.push_from(cx, item)
    }

    let queue = Queue::with_capacity(1);
    sleepable(|cx| {
        assert_eq!(offer(&queue, 1, cx), Ok(()));
        assert_eq!(cx.non_block(|nb| offer(&queue, 2, nb)), Err(Full(2)));
        thread::scope(cx, |scope, cx| {
            let waits = scope.spawn(|cx| offer(&queue, 3, cx));
            thread::sleep(cx, SHORT);
            assert!(!waits.is_finished());
            assert_eq!(queue.pop(cx), Some(1));
            assert_eq!(waits.join(cx).unwrap(), Ok(()));
            assert_eq!(queue.pop(cx), Some(3));
        });
    });
    assert_eq!(queue.stats().refused, 1);
}

#[test]
fn who_waits_for_room_is_told_of_the_end() {
    let queue = Queue::with_capacity(1);
    push(&queue, 1);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waits = [2, 3].map(|item| (item, scope.spawn(|cx| queue.push_from(cx, 9))));
            thread::sleep(cx, SHORT);
            queue.close();
            for (_, thread) in waits {
                assert_eq!(thread.join(cx).unwrap(), Err(Full(9)));
            }
        });
    });
    assert_eq!((queue.stats().pushed, queue.stats().refused), (1, 2));
}

#[test]
fn who_waits_for_an_item_gets_one_or_is_told_of_the_end() {
    let queue = Queue::with_capacity(2);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waiting = [(); 3].map(|()| scope.spawn(|cx| queue.pop(cx)));
            thread::sleep(cx, SHORT);
            cx.non_block(|nb| queue.push(nb, 1).unwrap());
            cx.non_block(|nb| queue.push(nb, 2).unwrap());
            queue.close();
            let mut got: Vec<_> = waiting.map(|thread| thread.join(cx).unwrap()).into();
            got.sort_unstable();
            assert_eq!(got, [None, Some(1), Some(2)]);
        });
    });
}

#[test]
fn more_threads_can_wait_than_there_are_seats() {
    const THREADS: usize = usize::BITS as usize + 6;
    let queue = Queue::with_capacity(THREADS);
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let waiting: Vec<_> = (0..THREADS)
                .map(|_| scope.spawn(|cx| queue.pop(cx).expect("it is open")))
                .collect();
            thread::sleep(cx, SHORT);
            (0..THREADS).for_each(|item| push(&queue, item));
            let mut got: Vec<_> =
                waiting.into_iter().map(|thread| thread.join(cx).unwrap()).collect();
            got.sort_unstable();
            assert_eq!(got, (0..THREADS).collect::<Vec<_>>());
        });
    });
}

#[test]
fn waiting_in_a_section_is_reported() {
    type Wait<'a> = &'a dyn Fn(&mut Sleepable);

    let queue = Queue::with_capacity(2);
    push(&queue, ());
    let waits: [(&str, Wait<'_>); 4] = [
        ("pop", &|cx| assert_eq!(queue.pop(cx), Some(()))),
        ("push_from", &|cx| assert_eq!(queue.push_from(cx, ()), Ok(()))),
        ("drain", &|cx| drop(queue.drain(cx))),
        ("shutdown", &|cx| queue.shutdown(cx)),
    ];
    for (name, wait) in waits {
        let found = violations(|| raw::sleepable(|cx| raw::non_block(|_nb| wait(cx))));
        let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();
        assert_eq!(kinds, [SleepInNonBlock], "{name}");
        assert!(found.iter().all(|violation| violation.location().file() == file!()), "{name}");
    }
}

#[test]
fn a_name_that_no_thread_can_have_starts_none() {
    let queue = Queue::<()>::with_capacity(1);
    let started = catch_unwind(AssertUnwindSafe(|| drop(queue.worker("a\0b", |(), _cx| ()))));
    assert!(started.is_err());
    // Nobody is waited for, and the queue is as good as before.
    queue.worker("c", |(), _cx| ()).expect("a thread starts");
    push(&queue, ());
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!(queue.stats().handled, 1);
}

// Flushing.

#[test]
fn flushing_waits_for_what_was_pushed_before_and_for_nothing_else() {
    static DONE: AtomicUsize = AtomicUsize::new(0);

    let queue = Arc::new(Queue::with_capacity(8));
    let (go_on, goes_on) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    let goes_on = Arc::new(std::sync::Mutex::new(goes_on));
    for name in ["first", "second"] {
        let (goes_on, begun) = (Arc::clone(&goes_on), begun.clone());
        let work = move |slow: bool, _cx: &mut Sleepable| {
            begun.send(slow).unwrap();
            if slow {
                goes_on.lock().unwrap().recv_timeout(LONG).unwrap();
            }
            DONE.fetch_add(1, Ordering::SeqCst);
        };
        queue.worker(name, work).unwrap();
    }
    // The receiver is this thread's.
    raw::sleepable(|cx| {
        // The first is in hand when the others are done with.
        cx.non_block(|nb| queue.push(nb, true)).unwrap();
        assert!(begins.recv_timeout(LONG).unwrap());
        let quick = |cx: &mut Sleepable| {
            cx.non_block(|nb| queue.push(nb, false)).unwrap();
            assert!(!begins.recv_timeout(LONG).unwrap());
        };
        (0..3).for_each(|_| quick(cx));
        let flushing = thread::spawn({
            let queue = Arc::clone(&queue);
            move |cx| {
                queue.flush(cx);
                DONE.load(Ordering::SeqCst)
            }
        });
        // More are handled, as many as were pushed before, and it goes on waiting for the first.
        (0..5).for_each(|_| quick(cx));
        thread::sleep(cx, Duration::from_millis(50));
        assert!(!flushing.is_finished());
        assert_eq!(queue.stats().handling, 1);
        go_on.send(()).unwrap();
        assert_eq!(flushing.join(cx).unwrap(), 9);

        // One that was pushed later may wait.
        cx.non_block(|nb| queue.push(nb, true)).unwrap();
        assert!(begins.recv_timeout(LONG).unwrap());
        go_on.send(()).unwrap();
        queue.flush(cx);
        assert_eq!(DONE.load(Ordering::SeqCst), 10);
        queue.flush(cx);
        queue.shutdown(cx);
        queue.flush(cx);
        assert_eq!(queue.stats().handling, 0);
    });
}

#[test]
fn flushing_counts_what_is_taken_by_hand() {
    let queue = Arc::new(Queue::with_capacity(1));
    sleepable(|cx| {
        queue.flush(cx);
        cx.non_block(|nb| queue.push(nb, 1)).unwrap();
        let flushing = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move |cx| queue.flush(cx))
        });
        let waiting = thread::spawn({
            let queue = Arc::clone(&queue);
            move |cx| queue.push_from(cx, 2)
        });
        thread::sleep(cx, Duration::from_millis(20));
        assert!(!flushing[0].is_finished() && !flushing[1].is_finished());
        assert_eq!(queue.pop(cx), Some(1));
        assert_eq!(queue.pop(cx), Some(2));
        waiting.join(cx).unwrap().unwrap();
        for thread in flushing {
            thread.join(cx).unwrap();
        }
    });
}

#[test]
fn a_handler_that_flushes_its_own_queue_is_told() {
    let queue = Arc::new(Queue::with_capacity(1));
    let own = Arc::downgrade(&queue);
    queue.worker("own", move |(), cx| own.upgrade().unwrap().flush(cx)).unwrap();
    sleepable(|cx| {
        cx.non_block(|nb| queue.push(nb, ())).unwrap();
        queue.flush(cx);
        assert_eq!(queue.stats().panicked, 1);
        queue.shutdown(cx);
    });
}

/// Starting a thread in a section is reported. The handler that gets the report may use the queue.
#[test]
fn a_worker_is_started_with_nothing_locked() {
    static QUEUE: LazyLock<Queue<()>> = LazyLock::new(|| Queue::with_capacity(1));

    fn uses_the_queue(violation: &Violation) {
        let name = std::thread::current().name().map(String::from);
        assert_eq!(name.as_deref(), Some("hiring"), "{violation}");
        QUEUE.worker("of the handler's", |(), _cx| ()).unwrap();
    }

    nonblock::set_handler(Some(uses_the_queue));
    let hiring = thread::Builder::new()
        .name("hiring")
        .spawn(|_cx| raw::non_block(|_nb| QUEUE.worker("reported", |(), _cx| ()).map(drop)));
    let hiring = hiring.unwrap();
    until(|| hiring.is_finished());
    nonblock::set_handler(None);
    sleepable(|cx| {
        hiring.join(cx).unwrap().unwrap();
        QUEUE.shutdown(cx);
    });
}

/// Runs the closure on a thread of its own, and waits for it, but not for ever.
#[track_caller]
fn ends<R: Send>(what: &str, f: impl FnOnce() -> R + Send, meanwhile: impl FnOnce()) -> R {
    let (done, result) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || done.send(f()).unwrap());
        meanwhile();
        result.recv_timeout(LONG).unwrap_or_else(|_| {
            // The scope would wait for the thread that hangs.
            eprintln!("{what} does not end");
            std::process::abort()
        })
    })
}

#[test]
fn a_flush_ends_when_the_last_item_of_a_closed_queue_is_taken_by_hand() {
    let queue = Queue::with_capacity(2);
    push(&queue, 1);
    ends(
        "the flush",
        || sleepable(|cx| queue.flush(cx)),
        || {
            std::thread::sleep(SHORT);
            // Closing wakes the thread that flushes. It waits again before the item is taken.
            queue.close();
            std::thread::sleep(SHORT);
            assert_eq!(queue.try_pop(), Some(1));
        },
    );
}

#[test]
fn a_flush_ends_beside_a_thread_that_waits_for_room() {
    let queue = Queue::with_capacity(1);
    push(&queue, 1);
    // The pusher is in line before the flush begins, or behind it.
    for pusher_first in [true, false] {
        std::thread::scope(|scope| {
            let mut pusher = None;
            if pusher_first {
                pusher = Some(scope.spawn(|| sleepable(|cx| queue.push_from(cx, 2))));
                std::thread::sleep(SHORT);
            }
            ends(
                "the flush",
                || sleepable(|cx| queue.flush(cx)),
                || {
                    std::thread::sleep(SHORT);
                    if !pusher_first {
                        pusher = Some(scope.spawn(|| sleepable(|cx| queue.push_from(cx, 2))));
                        std::thread::sleep(SHORT);
                    }
                    assert!(queue.try_pop().is_some());
                },
            );
            assert_eq!(pusher.unwrap().join().unwrap(), Ok(()));
        });
    }
}

#[test]
fn a_handler_that_pushes_into_its_own_full_queue_gets_the_item_back() {
    let queue = Arc::new(Queue::with_capacity(1));
    let (refused, found) = mpsc::channel();
    let own = Arc::downgrade(&queue);
    queue
        .worker("pusher", move |item: u32, cx| {
            if item == 0 {
                let queue = own.upgrade().expect("the test holds it");
                assert_eq!(queue.push_from(cx, 1), Ok(()), "there is room");
                refused.send((queue.push_from(cx, 2), queue.is_closed())).unwrap();
            }
        })
        .unwrap();
    push(&queue, 0);
    assert_eq!(found.recv_timeout(LONG), Ok((Err(Full(2)), false)));
    sleepable(|cx| queue.shutdown(cx));
    assert_eq!((queue.stats().handled, queue.stats().refused), (2, 1));
}
