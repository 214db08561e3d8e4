//! Selecting among channels: no value is lost, and no thread waits for a value that is there.

use std::time::Duration;

use loom::thread;
use nonblock_tests::model::{explore, time_runs_out};

use crate::sync::channel::{self, Receiver, RecvError, Select, TryRecvError};
use crate::token::lend_sleepable;

/// Receives from either of two channels.
fn select(first: &Receiver<u32>, second: &Receiver<u32>) -> Result<u32, RecvError> {
    either(first, second).select(&mut lend_sleepable())
}

fn either<'a>(
    first: &'a Receiver<u32>,
    second: &'a Receiver<u32>,
) -> Select<'a, Result<u32, RecvError>> {
    let mut select = Select::new();
    select.recv(first, |value| value);
    select.recv(second, |value| value);
    select
}

#[test]
fn a_value_at_either_channel_wakes_who_selects() {
    explore(2, || {
        let (send_first, first) = channel::bounded(1);
        let (send_second, second) = channel::bounded(1);
        let sending = thread::spawn(move || send_first.try_send(1).unwrap());
        let also_sending = thread::spawn(move || send_second.try_send(2).unwrap());
        let received = [select(&first, &second), select(&first, &second)];
        sending.join().unwrap();
        also_sending.join().unwrap();
        assert!(
            received == [Ok(1), Ok(2)]
                || received == [Ok(2), Ok(1)]
                // A channel that has ended is ready too.
                || received[1] == Err(RecvError),
            "{received:?}"
        );
        let left = [first.try_recv(), second.try_recv()].into_iter().flatten();
        assert_eq!(received.into_iter().flatten().chain(left).sum::<u32>(), 3);
    });
}

#[test]
fn the_end_of_a_channel_wakes_who_selects() {
    explore(2, || {
        let (sender, first) = channel::bounded(1);
        let (_sender, second) = channel::bounded(1);
        let ending = thread::spawn(move || drop(sender));
        assert_eq!(select(&second, &first), Err(RecvError));
        ending.join().unwrap();
    });
}

/// Both values may wake the thread that selects. The one that it does not take is for the receiver behind it.
#[test]
fn a_wake_up_that_is_not_used_goes_to_the_next_receiver() {
    explore(2, || {
        let (send_first, first) = channel::bounded(1);
        let (send_second, second) = channel::bounded(2);
        let selecting = thread::spawn({
            let second = second.clone();
            move || select(&first, &second).unwrap()
        });
        let receiving = thread::spawn(move || second.recv(&mut lend_sleepable()).unwrap());
        send_first.try_send(1).unwrap();
        send_second.try_send(2).unwrap();
        let selected = selecting.join().unwrap();
        if selected == 2 {
            send_second.try_send(3).unwrap();
        }
        let received = receiving.join().unwrap();
        assert!([(1, 2), (2, 3)].contains(&(selected, received)), "{selected} {received}");
    });
}

/// A thread that selects may have run out of time when a value wakes it. It has either taken the value or passed the wake-up on.
#[test]
fn a_wait_whose_time_runs_out_loses_nothing() {
    explore(2, || {
        let (_sender, first) = channel::bounded(1);
        let (send_second, second) = channel::bounded(1);
        let clock = thread::spawn(time_runs_out);
        let receiving = thread::spawn({
            let second = second.clone();
            move || second.recv(&mut lend_sleepable())
        });
        let sending = thread::spawn(move || send_second.try_send(2).unwrap());
        let time = Duration::from_secs(1);
        let selected = either(&first, &second).select_timeout(&mut lend_sleepable(), time);
        sending.join().unwrap();
        clock.join().unwrap();
        let received = receiving.join().unwrap();
        match selected {
            None | Some(Err(RecvError)) => assert_eq!(received, Ok(2)),
            Some(Ok(_)) => assert_eq!((selected, received), (Some(Ok(2)), Err(RecvError))),
        }
        assert_eq!(second.try_recv(), Err(TryRecvError::Disconnected));
    });
}

/// It finds the value although two places of one thread are in the line.
#[test]
fn a_channel_is_selected_from_twice() {
    explore(2, || {
        let (sender, receiver) = channel::bounded(2);
        let other = receiver.clone();
        let receiving = thread::spawn(move || other.recv(&mut lend_sleepable()).unwrap());
        let sending =
            thread::spawn(move || (1..=2).for_each(|value| sender.try_send(value).unwrap()));
        let selected = select(&receiver, &receiver).unwrap();
        sending.join().unwrap();
        assert_eq!(selected + receiving.join().unwrap(), 3);
    });
}
