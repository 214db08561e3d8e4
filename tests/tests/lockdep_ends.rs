//! Threads that wait for themselves, through a guard that lives too long or through the end of another thread: each is reported at
//! its first run, without a hang, and its mended twin is silent.

use std::sync::Arc;

use nonblock::sync::{Completion, Mutex, OnceLock, RwLock};
use nonblock::work::Queue;
use nonblock::{Sleepable, thread};
use nonblock_tests::waits::{circle, silent, waits_for_itself};

#[test]
fn a_guard_that_lives_in_a_match_while_an_arm_locks_again() {
    let table = Mutex::new(vec![1]);
    waits_for_itself(|cx| match table.lock(cx).len() {
        0 => {}
        more => table.lock(cx).push(more),
    });
}

#[test]
fn a_guard_that_ends_before_the_match_is_silent() {
    let table = Mutex::new(vec![1]);
    silent(|cx| {
        let len = table.lock(cx).len();
        match len {
            0 => {}
            more => table.lock(cx).push(more),
        }
    });
}

#[test]
fn a_lock_read_twice_where_no_writer_ever_was() {
    let table = RwLock::new(1);
    waits_for_itself(|cx| {
        let one = table.read(cx);
        let two = table.read(cx);
        assert_eq!(*one, *two);
    });
}

#[test]
fn a_lock_read_one_after_the_other_is_silent() {
    let table = RwLock::new(1);
    silent(|cx| {
        drop(table.read(cx));
        let one = table.read(cx);
        let two = table.try_read().unwrap();
        assert_eq!(*one, *two);
    });
}

#[test]
fn a_value_whose_initializer_asks_for_it() {
    let config = OnceLock::new();
    waits_for_itself(|cx| {
        config.get_or_init(cx, |cx| *config.get_or_init(cx, |_| 1));
    });
}

#[test]
fn a_value_whose_initializer_asks_for_another_is_silent() {
    let (config, path) = (OnceLock::new(), OnceLock::new());
    silent(|cx| {
        config.get_or_init(cx, |cx| *path.get_or_init(cx, |_| 1));
        path.get_or_init(cx, |_| 2);
    });
}

#[test]
fn a_handler_that_pushes_to_its_own_queue_is_refused_and_silent() {
    silent(|cx| {
        let queue = Arc::new(Queue::<u32>::with_capacity(1));
        let (own, done) = (Arc::clone(&queue), Arc::new(Completion::new()));
        let ended = Arc::clone(&done);
        let handler = move |item, cx: &mut Sleepable| {
            // Who waited for room here would wait for itself.
            while item > 0 && own.push_from(cx, 0).is_ok() {}
            ended.complete();
        };
        queue.worker("pusher", handler).unwrap();
        queue.push_from(cx, 1).unwrap();
        let _done = done.wait(cx);
        queue.flush(cx);
        queue.shutdown(cx);
    });
}

#[test]
fn a_flush_with_a_mutex_that_the_handler_takes() {
    let (table, queue) = (Arc::new(Mutex::new(0)), Queue::<u32>::with_capacity(4));
    let taken = Arc::clone(&table);
    let started = line!() + 2;
    silent(|cx| {
        queue.worker("taker", move |item, cx| *taken.lock(cx) += item).unwrap();
        queue.push_from(cx, 1).unwrap();
        queue.flush(cx);
    });
    let violation = circle(|cx| {
        let _held = table.lock(cx);
        queue.flush(cx);
    });
    // The handler's wait is in what the worker does.
    let since = violation.dependencies()[0].since();
    assert_eq!((since.file(), since.line()), (file!(), started));
}

#[test]
fn a_flush_with_the_mutex_given_back_is_silent() {
    let (table, queue) = (Arc::new(Mutex::new(0)), Queue::<u32>::with_capacity(4));
    let taken = Arc::clone(&table);
    silent(|cx| {
        queue.worker("taker", move |item, cx| *taken.lock(cx) += item).unwrap();
        for item in 0..3 {
            *table.lock(cx) += 1;
            queue.push_from(cx, item).unwrap();
            queue.flush(cx);
        }
        queue.shutdown(cx);
    });
}

#[test]
fn a_thread_joined_with_a_mutex_that_it_took() {
    let table = Arc::new(Mutex::new(0));
    let taken = Arc::clone(&table);
    circle(|cx| {
        let done = Arc::new(Completion::new());
        let completed = Arc::clone(&done);
        let thread = thread::spawn(move |cx| {
            *taken.lock(cx) += 1;
            completed.complete();
        });
        // This time it has the mutex before. Another time it would not.
        let _done = done.wait(cx);
        let _held = table.lock(cx);
        thread.join(cx).unwrap();
    });
}

#[test]
fn a_thread_joined_with_the_mutex_given_back_is_silent() {
    let table = Arc::new(Mutex::new(0));
    let taken = Arc::clone(&table);
    silent(|cx| {
        let held = table.lock(cx);
        let thread = thread::spawn(move |cx| *taken.lock(cx) += 1);
        drop(held);
        thread.join(cx).unwrap();
    });
}

#[test]
fn a_scope_that_ends_with_a_mutex_that_its_thread_took() {
    let table = Mutex::new(0);
    circle(|cx| {
        let mut held = None;
        let done = Completion::new();
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                *table.lock(cx) += 1;
                done.complete();
            });
            let _done = done.wait(cx);
            held = Some(table.lock(cx));
        });
    });
}

#[test]
fn a_scope_that_ends_with_the_mutex_given_back_is_silent() {
    let table = Mutex::new(0);
    silent(|cx| {
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| *table.lock(cx) += 1);
            *table.lock(cx) += 1;
        });
    });
}
