//! Every value arrives once or comes back, and no thread waits for a value that is there or an end that is gone.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;
use nonblock_tests::model::{explore, time_runs_out};

use crate::non_block;
use crate::sync::channel::{self, RecvError, SendError, TryRecvError, TrySendError};
use crate::token::lend_sleepable;

/// Counts its drops.
struct Counted(Arc<std::sync::atomic::AtomicU32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn values_come_in_order_through_a_channel_with_room_for_one() {
    explore(4, || {
        let (sender, receiver) = channel::bounded(1);
        let sending = thread::spawn(move || {
            for value in 0..3 {
                sender.send(&mut lend_sleepable(), value).unwrap();
            }
        });
        let cx = &mut lend_sleepable();
        let found: Vec<u32> = receiver.iter(cx).collect();
        sending.join().unwrap();
        assert_eq!(found, [0, 1, 2]);
    });
}

#[test]
fn two_senders_and_two_receivers_lose_nothing_and_double_nothing() {
    for unbounded in [false, true] {
        explore(2, move || {
            let (sender, receiver) =
                if unbounded { channel::unbounded() } else { channel::bounded(1) };
            let sending = thread::spawn({
                let sender = sender.clone();
                move || sender.send(&mut lend_sleepable(), 1).unwrap()
            });
            let receiving = thread::spawn({
                let receiver = receiver.clone();
                move || receiver.recv(&mut lend_sleepable()).unwrap()
            });
            let cx = &mut lend_sleepable();
            sender.send(cx, 2).unwrap();
            let mine = receiver.recv(cx).unwrap();
            let other: u32 = receiving.join().unwrap();
            sending.join().unwrap();
            assert_eq!(mine + other, 3);
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        });
    }
}

#[test]
fn a_section_wakes_who_waits_at_the_other_end() {
    explore(5, || {
        let (sender, receiver) = channel::bounded(1);
        let receiving = thread::spawn(move || {
            let cx = &mut lend_sleepable();
            [receiver.recv(cx).unwrap(), receiver.recv(cx).unwrap()]
        });
        let cx = &mut lend_sleepable();
        let mut value = 1;
        while value <= 2 {
            match non_block(cx, |_nb| sender.try_send(value)) {
                Ok(()) => value += 1,
                Err(TrySendError::Full(_)) => thread::yield_now(),
                Err(TrySendError::Disconnected(_)) => unreachable!("the receiver waits"),
            }
        }
        assert_eq!(receiving.join().unwrap(), [1, 2]);
    });
}

#[test]
fn who_waits_is_told_of_the_end_of_the_other_kind() {
    explore(5, || {
        let (sender, receiver) = channel::bounded::<u32>(1);
        let receiving = thread::spawn(move || receiver.recv(&mut lend_sleepable()));
        drop(sender);
        assert_eq!(receiving.join().unwrap(), Err(RecvError));

        let (sender, receiver) = channel::bounded(1);
        sender.try_send(1).unwrap();
        let sending = thread::spawn(move || sender.send(&mut lend_sleepable(), 2));
        drop(receiver);
        assert_eq!(sending.join().unwrap(), Err(SendError(2)));
    });
}

/// A value is dropped once, whether it arrives, comes back, or is left when the last receiver goes.
#[test]
fn every_value_is_dropped_once() {
    for unbounded in [false, true] {
        explore(5, move || {
            let drops = Arc::new(std::sync::atomic::AtomicU32::new(0));
            let (sender, receiver) =
                if unbounded { channel::unbounded() } else { channel::bounded(2) };
            let sending = thread::spawn({
                let drops = Arc::clone(&drops);
                move || {
                    let cx = &mut lend_sleepable();
                    for _ in 0..2 {
                        // Comes back if the receiver is gone.
                        drop(sender.send(cx, Counted(Arc::clone(&drops))));
                    }
                }
            });
            drop(receiver.try_recv());
            drop(receiver);
            sending.join().unwrap();
            assert_eq!(drops.load(std::sync::atomic::Ordering::Relaxed), 2);
        });
    }
}

/// A value goes to the receiver whose time runs out, or to the other. It is never lost. The same holds for room for a value.
#[test]
fn a_value_that_is_sent_while_the_last_receiver_goes_does_not_stay() {
    for unbounded in [false, true] {
        explore(3, move || {
            let (sender, receiver) =
                if unbounded { channel::unbounded() } else { channel::bounded(1) };
            let drops = Arc::new(std::sync::atomic::AtomicU32::new(0));
            let sending = thread::spawn({
                let (sender, value) = (sender.clone(), Counted(Arc::clone(&drops)));
                move || sender.try_send(value).is_ok()
            });
            drop(receiver);
            sending.join().unwrap();
            // Whoever waits for what the value holds learns of its end, though a sender is still there.
            assert_eq!(drops.load(std::sync::atomic::Ordering::Relaxed), 1);
            drop(sender);
        });
    }
}

#[test]
fn nothing_is_lost_on_one_whose_time_runs_out() {
    explore(2, || {
        let (sender, receiver) = channel::bounded(1);
        let timed = thread::spawn({
            let receiver = receiver.clone();
            move || receiver.recv_timeout(&mut lend_sleepable(), Duration::from_secs(1)).ok()
        });
        let waiting = thread::spawn(move || receiver.recv(&mut lend_sleepable()).ok());
        let clock = thread::spawn(time_runs_out);
        sender.send(&mut lend_sleepable(), 7).unwrap();
        drop(sender);
        clock.join().unwrap();
        let found: Vec<u32> =
            [timed, waiting].into_iter().filter_map(|one| one.join().unwrap()).collect();
        assert_eq!(found, [7]);
    });
}

#[test]
fn no_room_is_lost_on_one_whose_time_runs_out() {
    explore(1, || {
        let (sender, receiver) = channel::bounded(1);
        sender.try_send(0).unwrap();
        let timed = thread::spawn({
            let sender = sender.clone();
            move || sender.send_timeout(&mut lend_sleepable(), 1, Duration::from_secs(1)).is_ok()
        });
        let waiting = thread::spawn(move || sender.send(&mut lend_sleepable(), 2).is_ok());
        let clock = thread::spawn(time_runs_out);
        let cx = &mut lend_sleepable();
        let found: Vec<u32> = receiver.iter(cx).collect();
        clock.join().unwrap();
        let sent = u32::from(timed.join().unwrap());
        assert!(waiting.join().unwrap());
        assert_eq!(found.iter().sum::<u32>(), 2 + sent);
    });
}
