//! Channels: nothing is lost, nothing comes twice, and both ends learn when the other is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use nonblock::testing::violations;
use nonblock::{non_block, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

/// A channel of either sort.
fn both<T>() -> [(Sender<T>, Receiver<T>); 2] {
    [channel::bounded(4), channel::unbounded()]
}

#[test]
fn values_come_in_order() {
    for (sender, receiver) in both() {
        sleepable(|cx| {
            for value in 0..3 {
                sender.send(cx, value).unwrap();
            }
            assert_eq!((sender.len(), receiver.len()), (3, 3));
            assert!(!sender.is_empty() && !receiver.is_empty());
            assert_eq!(receiver.recv(cx), Ok(0));
            assert_eq!(receiver.try_recv(), Ok(1));
            assert_eq!(receiver.recv_timeout(cx, Duration::ZERO), Ok(2));
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
            assert!(sender.is_empty());
        });
    }
}

#[test]
fn a_bounded_channel_holds_what_it_has_room_for() {
    let (sender, receiver) = channel::bounded(2);
    assert_eq!((sender.capacity(), receiver.capacity()), (Some(2), Some(2)));
    sleepable(|cx| {
        sender.send(cx, 1).unwrap();
        sender.try_send(2).unwrap();
        assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
        let began = Instant::now();
        assert_eq!(sender.send_timeout(cx, 3, SHORT), Err(SendTimeoutError::Timeout(3)));
        assert!(began.elapsed() >= SHORT);
        assert_eq!(receiver.recv(cx), Ok(1));
        sender.send_timeout(cx, 3, Duration::ZERO).unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [2, 3]);
    });
    assert_eq!(channel::unbounded::<()>().0.capacity(), None);
}

#[test]
#[should_panic = "room for at least one"]
fn a_channel_without_room_is_refused() {
    drop(channel::bounded::<()>(0));
}

#[test]
fn a_sender_waits_for_room_and_a_receiver_for_a_value() {
    let (sender, receiver) = channel::bounded(1);
    sleepable(|cx| {
        let worker = thread::spawn(move |cx| {
            let first = receiver.recv(cx);
            thread::sleep(cx, SHORT);
            [first, receiver.recv(cx), receiver.recv(cx)]
        });
        thread::sleep(cx, SHORT);
        for value in 1..=3 {
            sender.send(cx, value).unwrap();
        }
        assert_eq!(worker.join(cx).unwrap(), [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(sender.send(cx, 4), Err(SendError(4)));
    });
}

#[test]
fn a_section_wakes_whoever_waits_at_the_other_end() {
    for (sender, receiver) in both() {
        let found = violations(|| {
            sleepable(|cx| {
                let worker = thread::spawn(move |cx| receiver.recv(cx));
                thread::sleep(cx, SHORT);
                cx.non_block(|_nb| sender.try_send("now")).unwrap();
                assert_eq!(worker.join(cx).unwrap(), Ok("now"));
            });
        });
        assert!(found.is_empty(), "{found:?}");
    }

    let (sender, receiver) = channel::bounded(1);
    non_block(|_nb| sender.try_send(1)).unwrap();
    sleepable(|cx| {
        let worker = thread::spawn(move |cx| sender.send(cx, 2));
        thread::sleep(cx, SHORT);
        assert_eq!(cx.non_block(|_nb| receiver.try_recv()), Ok(1));
        assert_eq!(worker.join(cx).unwrap(), Ok(()));
        assert_eq!(receiver.recv(cx), Ok(2));
    });
}

#[test]
fn receivers_get_what_is_left_and_then_an_error() {
    for (sender, receiver) in both() {
        sleepable(|cx| {
            let other = sender.clone();
            sender.send(cx, 1).unwrap();
            drop(sender);
            other.send(cx, 2).unwrap();
            cx.non_block(|_nb| drop(other));
            assert_eq!(receiver.recv(cx), Ok(1));
            assert_eq!(receiver.try_recv(), Ok(2));
            assert_eq!(receiver.recv(cx), Err(RecvError));
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
            assert_eq!(receiver.recv_timeout(cx, LONG), Err(RecvTimeoutError::Disconnected));
            assert_eq!(receiver.iter(cx).next(), None);
        });
    }
}

#[test]
fn senders_get_theirs_back_when_all_receivers_are_gone() {
    for (sender, receiver) in both() {
        sleepable(|cx| {
            let other = receiver.clone();
            drop(receiver);
            sender.send(cx, 1).unwrap();
            drop(other);
            assert_eq!(sender.send(cx, 2), Err(SendError(2)));
            assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
            let error = sender.send_timeout(cx, 4, LONG).unwrap_err();
            assert_eq!(error, SendTimeoutError::Disconnected(4));
            assert_eq!(error.to_string(), "sending on a channel whose receivers are gone");
            assert_eq!(error.into_inner(), 4);
            assert!(sender.is_empty(), "what nobody can receive is dropped");
        });
    }
}

#[test]
fn the_end_of_either_kind_wakes_whoever_waits_for_it() {
    sleepable(|cx| {
        for (sender, receiver) in both::<u32>() {
            let waiting = thread::spawn(move |cx| receiver.recv(cx));
            thread::sleep(cx, SHORT);
            cx.non_block(|_nb| drop(sender));
            assert_eq!(waiting.join(cx).unwrap(), Err(RecvError));
        }
        let (sender, receiver) = channel::bounded(1);
        sender.send(cx, 1).unwrap();
        let waiting = thread::spawn(move |cx| sender.send(cx, 2));
        thread::sleep(cx, SHORT);
        drop(receiver);
        assert_eq!(waiting.join(cx).unwrap(), Err(SendError(2)));
    });
}

#[test]
fn a_wait_with_a_time_ends_when_it_has_run_out() {
    for (sender, receiver) in both::<u32>() {
        sleepable(|cx| {
            let began = Instant::now();
            assert_eq!(receiver.recv_timeout(cx, SHORT), Err(RecvTimeoutError::Timeout));
            assert!(began.elapsed() >= SHORT);
            drop(sender);
        });
    }
}

#[test]
fn an_iterator_ends_with_the_last_sender() {
    for (sender, receiver) in both() {
        sleepable(|cx| {
            let producer = thread::spawn(move |cx| {
                for value in 0..100 {
                    sender.send(cx, value).unwrap();
                }
            });
            assert_eq!(receiver.iter(cx).sum::<u32>(), 4950);
            producer.join(cx).unwrap();
        });
    }
}

#[test]
fn every_value_is_dropped_once() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    for (sender, receiver) in both() {
        let dropped = Arc::new(AtomicUsize::new(0));
        sleepable(|cx| {
            for _ in 0..4 {
                assert!(sender.send(cx, Counted(Arc::clone(&dropped))).is_ok());
            }
            drop(receiver.recv(cx));
            assert_eq!(dropped.load(Ordering::Relaxed), 1);
            drop(receiver);
            assert_eq!(dropped.load(Ordering::Relaxed), 4);
            drop(sender.send(cx, Counted(Arc::clone(&dropped))));
            assert_eq!(dropped.load(Ordering::Relaxed), 5);
        });
    }
}

#[test]
fn nothing_is_lost_between_many_senders_and_many_receivers() {
    const SENDERS: u64 = 3;
    const VALUES: u64 = if cfg!(miri) { 30 } else { 2_000 };

    for (sender, receiver) in [channel::bounded(2), channel::unbounded()] {
        let (sums, counts) = sleepable(|cx| {
            thread::scope(cx, |scope, cx| {
                for which in 0..SENDERS {
                    let sender = sender.clone();
                    scope.spawn(move |cx| {
                        for value in 0..VALUES {
                            let value = which * VALUES + value;
                            if value.is_multiple_of(2) {
                                sender.send(cx, value).unwrap();
                            } else {
                                // As a section does: again and again, without waiting.
                                while cx.non_block(|_nb| sender.try_send(value)).is_err() {
                                    thread::yield_now(cx);
                                }
                            }
                        }
                    });
                }
                drop(sender);
                let receivers = [(); 3].map(|()| {
                    let receiver = receiver.clone();
                    scope.spawn(move |cx| {
                        let mut last = [None; 3];
                        receiver.iter(cx).fold((0, 0), |(sum, count), value| {
                            let last = &mut last[usize::try_from(value / VALUES).unwrap()];
                            assert!(last.replace(value) < Some(value), "a sender's come in order");
                            (sum + value, count + 1)
                        })
                    })
                });
                let totals = receivers.map(|receiver| receiver.join(cx).unwrap());
                totals.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
            })
        });
        let all = SENDERS * VALUES;
        assert_eq!((sums, counts), (all * (all - 1) / 2, all));
    }
}

#[test]
fn ends_are_shown_and_go_to_other_threads() {
    fn assert_shared<T: Send + Sync>(_: &T) {}

    let (sender, receiver) = channel::bounded::<std::cell::Cell<u8>>(1);
    assert_shared(&sender);
    assert_shared(&receiver);
    assert_eq!(format!("{sender:?} {receiver:?}"), "Sender { .. } Receiver { .. }");
    let error = SendTimeoutError::Timeout(());
    assert_eq!(
        format!("{error:?}: {error}"),
        "Timeout(..): timed out waiting for room in a channel"
    );
}

#[test]
fn a_panicking_destructor_keeps_no_value_in_a_channel_without_receivers() {
    enum Value {
        Rude,
        Reply(#[allow(dead_code, reason = "it is dropped")] Sender<u8>),
    }

    impl Drop for Value {
        fn drop(&mut self) {
            if matches!(self, Self::Rude) {
                std::panic::panic_any("rude");
            }
        }
    }

    for (sender, receiver) in both() {
        sleepable(|cx| {
            let (reply, answer) = channel::bounded(1);
            sender.send(cx, Value::Rude).ok().unwrap();
            sender.send(cx, Value::Reply(reply)).ok().unwrap();
            let dropping = std::panic::AssertUnwindSafe(|| drop(receiver));
            let panic = std::panic::catch_unwind(dropping).unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&"rude"));
            // The sender is still there, and who waits for the reply is told of its end all the same.
            assert_eq!(answer.recv_timeout(cx, LONG), Err(RecvTimeoutError::Disconnected));
            assert_eq!(sender.len(), 0);
        });
    }
}
