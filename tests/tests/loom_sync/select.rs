//! Selecting among channels: no value is lost, and no thread waits for a value that is there.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;
use nonblock_tests::model::{explore, time_runs_out};

use crate::spawn;
use crate::sync::channel::{self, Receiver, RecvError, Select};
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
        let senders = Arc::new((send_first, send_second));
        let sending = spawn(&senders, |senders, _cx| senders.0.try_send(1).unwrap());
        let also_sending = spawn(&senders, |senders, _cx| senders.1.try_send(2).unwrap());
        let received = [select(&first, &second), select(&first, &second)];
        sending.join().unwrap();
        also_sending.join().unwrap();
        assert!([[Ok(1), Ok(2)], [Ok(2), Ok(1)]].contains(&received), "{received:?}");
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
        let (idle, first) = channel::bounded(1);
        let (sender, second) = channel::bounded(1);
        let selecting = thread::spawn({
            let second = second.clone();
            move || {
                let time = Duration::from_secs(1);
                either(&first, &second).select_timeout(&mut lend_sleepable(), time)
            }
        });
        let receiving = thread::spawn(move || second.recv(&mut lend_sleepable()));
        let clock = thread::spawn(time_runs_out);
        sender.try_send(2).unwrap();
        drop(sender);
        clock.join().unwrap();
        let (selected, received) = (selecting.join().unwrap(), receiving.join().unwrap());
        match selected {
            Some(Ok(2)) => assert_eq!(received, Err(RecvError)),
            None | Some(Err(RecvError)) => assert_eq!(received, Ok(2)),
            Some(Ok(other)) => panic!("nobody has sent {other}"),
        }
        drop(idle);
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
