//! Threads that tell each other something: condition variables, channels, queues, semaphores and barriers, with locks between. What
//! is right is silent, and with it is what makes it wrong, where something does.

use std::sync::Arc;

use nonblock::lockdep::Class;
use nonblock::sync::channel::{self, Select};
use nonblock::sync::{Barrier, Condvar, Mutex, Semaphore};
use nonblock::work::Queue;
use nonblock::{Sleepable, thread};
use nonblock_tests::waits::{circle, on_a_thread, silent};

/// Silent on one thread, and again on another.
#[track_caller]
fn always_silent(f: impl Fn(&mut Sleepable) + Sync) {
    silent(&f);
    on_a_thread(|| silent(&f));
}

#[test]
fn two_threads_that_take_turns_by_a_condition_variable() {
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    silent(|cx| {
        thread::scope(cx, |scope, _| {
            for own in 0..2 {
                let (turn, changed) = (&turn, &changed);
                scope.spawn(move |cx| {
                    for _ in 0..20 {
                        let mut now = turn.lock(cx);
                        changed.wait_while(cx, &mut now, |now| *now % 2 != own);
                        *now += 1;
                        changed.notify_all();
                    }
                });
            }
        });
    });
    assert_eq!(*nonblock::sleepable(|cx| turn.lock(cx)), 40);
}

#[test]
fn a_producer_that_notifies_with_another_mutex_held_that_the_consumer_takes_later() {
    let (table, ready, changed) = (Mutex::new(0), Mutex::new(false), Condvar::new());
    silent(|cx| {
        thread::scope(cx, |scope, _| {
            scope.spawn(|cx| {
                let mut table = table.lock(cx);
                *table += 1;
                *ready.lock(cx) = true;
                changed.notify_one();
            });
            scope.spawn(|cx| {
                let mut is_ready = ready.lock(cx);
                changed.wait_while(cx, &mut is_ready, |is_ready| !*is_ready);
                drop(is_ready);
                assert_eq!(*table.lock(cx), 1);
            });
        });
    });
}

#[test]
fn workers_that_receive_from_a_shared_receiver() {
    let (sender, receiver) = channel::bounded(2);
    let (receiver, sum) = (Mutex::new(receiver), Mutex::new(0));
    silent(|cx| {
        thread::scope(cx, |scope, cx| {
            for _ in 0..3 {
                scope.spawn(|cx| {
                    loop {
                        // Whoever waits for a value keeps the others from the receiver, and nobody else.
                        let value = receiver.lock(cx).recv(cx);
                        let Ok(value) = value else { break };
                        *sum.lock(cx) += value;
                    }
                });
            }
            for value in 0..30 {
                sender.send(cx, value).unwrap();
            }
            drop(sender);
        });
    });
    assert_eq!(sum.into_inner(), 29 * 30 / 2);
}

#[test]
fn a_request_and_its_reply() {
    let (requests, incoming) = channel::bounded(1);
    let (replies, answers) = channel::bounded(1);
    let cache = Mutex::new(0);
    silent(|cx| {
        thread::scope(cx, |scope, cx| {
            let cache = &cache;
            scope.spawn(move |cx| {
                while let Ok(request) = incoming.recv(cx) {
                    *cache.lock(cx) += 1;
                    replies.send(cx, request * 2).unwrap();
                }
            });
            for request in 0..10 {
                requests.send(cx, request).unwrap();
                assert_eq!(answers.recv(cx), Ok(request * 2));
                drop(cache.lock(cx));
            }
            drop(requests);
        });
    });
}

#[test]
fn a_request_with_a_mutex_that_the_server_takes_before_its_reply() {
    let (requests, incoming) = channel::bounded(1);
    let (replies, answers) = channel::unbounded();
    let cache = Mutex::new(0);
    // The server sends with the mutex held, each time.
    circle(|cx| {
        thread::scope(cx, |scope, cx| {
            let cache = &cache;
            let server = scope.spawn(move |cx| {
                let request: u32 = incoming.recv(cx).unwrap();
                let _held = cache.lock(cx);
                replies.send(cx, request).unwrap();
            });
            requests.send(cx, 1).unwrap();
            server.join(cx).unwrap();
            let _held = cache.lock(cx);
            assert_eq!(answers.recv(cx), Ok(1));
        });
    });
}

/// Receives from the first of the channels that has something, with the mutex held, which whoever sends needs or not.
fn select_with(held: &Mutex<u32>, receivers: &[&channel::Receiver<u32>], cx: &mut Sleepable) {
    let mut select = Select::new();
    for receiver in receivers {
        select.recv(receiver, |value| value);
    }
    let _held = held.lock(cx);
    assert_eq!(select.select(cx), Ok(1));
}

#[test]
fn the_first_of_several_channels_with_a_mutex_that_all_their_senders_take() {
    let (one, first) = channel::unbounded();
    let (other, second) = channel::unbounded();
    let table = Mutex::new(0);
    let send = |to: &channel::Sender<u32>| {
        on_a_thread(|| {
            silent(|cx| {
                let _held = table.lock(cx);
                to.send(cx, 1).unwrap();
            });
        });
    };
    // Of the second nobody knows yet what it needs.
    send(&one);
    silent(|cx| select_with(&table, &[&first, &second], cx));
    // Now of both.
    send(&one);
    send(&other);
    circle(|cx| select_with(&table, &[&first, &second], cx));
}

#[test]
fn one_channel_that_is_selected_with_a_mutex_that_its_sender_takes() {
    let (sender, receiver) = channel::unbounded();
    let table = Mutex::new(0);
    on_a_thread(|| {
        silent(|cx| {
            let _held = table.lock(cx);
            sender.send(cx, 1).unwrap();
        });
    });
    circle(|cx| select_with(&table, &[&receiver], cx));
}

/// A receiver that selects makes room as any other does.
#[test]
fn room_that_is_made_by_who_selects_without_the_mutex_of_who_receives() {
    let (sender, receiver) = channel::bounded(1);
    let table = Mutex::new(0);
    sender.try_send(1).unwrap();
    on_a_thread(|| {
        silent(|cx| {
            let _held = table.lock(cx);
            assert_eq!(receiver.try_recv(), Ok(1));
        });
    });
    sender.try_send(1).unwrap();
    let mut select = Select::new();
    select.recv(&receiver, |value| value);
    silent(|cx| assert_eq!(select.select(cx), Ok(1)));
    silent(|cx| {
        let _held = table.lock(cx);
        sender.send(cx, 1).unwrap();
    });
}

#[test]
fn a_semaphore_that_is_a_mutex_around_another_mutex() {
    let (outer, inner) = (Semaphore::new(1), Mutex::new(0));
    always_silent(|cx| {
        for _ in 0..3 {
            let Ok(_permit) = outer.acquire(cx);
            *inner.lock(cx) += 1;
        }
        for _ in 0..3 {
            outer.down(cx);
            *inner.lock(cx) += 1;
            outer.up();
        }
    });
}

#[test]
fn a_semaphore_that_is_a_mutex_within_another_mutex() {
    let (outer, inner) = (Mutex::new(0), Semaphore::new(1));
    let work = |cx: &mut Sleepable| {
        for _ in 0..3 {
            let _held = outer.lock(cx);
            let Ok(_permit) = inner.acquire(cx);
        }
    };
    always_silent(work);
    silent(|cx| {
        thread::scope(cx, |scope, _| {
            scope.spawn(work);
            scope.spawn(work);
        });
    });
}

#[test]
fn permits_that_go_to_another_thread() {
    let (slots, table) = (Arc::new(Semaphore::new(2)), Mutex::new(0));
    silent(|cx| {
        let (sender, receiver) = channel::unbounded();
        thread::scope(cx, |scope, cx| {
            let (slots, table) = (&slots, &table);
            scope.spawn(move |cx| {
                while let Ok(permit) = receiver.recv(cx) {
                    *table.lock(cx) += 1;
                    drop(permit);
                }
            });
            for _ in 0..20 {
                let Ok(permit) = slots.acquire(cx);
                sender.send(cx, permit).unwrap();
            }
            drop(sender);
        });
    });
}

#[test]
fn a_queue_whose_handler_takes_what_who_pushes_held_before() {
    let (table, queue) = (Arc::new(Mutex::new(0)), Queue::<u32>::with_capacity(2));
    let taken = Arc::clone(&table);
    silent(|cx| {
        queue.worker("taker", move |item, cx| *taken.lock(cx) += item).unwrap();
        for item in 0..20 {
            drop(table.lock(cx));
            queue.push_from(cx, item).unwrap();
        }
        queue.flush(cx);
        queue.shutdown(cx);
    });
}

#[test]
fn threads_that_meet_again_and_again_with_a_mutex_between() {
    let (together, table) = (Barrier::new(3), Mutex::new(0));
    silent(|cx| {
        thread::scope(cx, |scope, _| {
            for _ in 0..3 {
                scope.spawn(|cx| {
                    for _ in 0..10 {
                        *table.lock(cx) += 1;
                        together.wait(cx);
                    }
                });
            }
        });
    });
}

#[test]
fn an_event_that_was_once_brought_about_with_a_lock_and_once_without() {
    // What not each of them held is not needed.
    let (done, lock) = (Class::new("done"), Mutex::new(()));
    silent(|cx| {
        let held = lock.lock(cx);
        done.complete();
        drop(held);
        done.complete();
        let _held = lock.lock(cx);
        done.wait();
    });
}
