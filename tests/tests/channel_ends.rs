//! The last receiver goes, also in the middle of a send: every value is dropped.

use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nonblock::sync::channel::{self, RecvTimeoutError, Sender};
use nonblock::{sleepable, thread};
use nonblock_tests::interpreter::report_panics_briefly;

const SHORT: Duration = Duration::from_millis(20);

/// A request, and who asks. It is so large that a send of it takes a while.
struct Request {
    _reply: Sender<u8>,
    _body: [u8; 2 << 20],
}

/// The client still has the sender, so the channel stays. If the request stayed in it, the client would wait for ever.
#[test]
#[expect(clippy::large_stack_arrays, reason = "a send is to take a while")]
fn a_request_that_is_sent_while_the_last_receiver_goes_is_dropped() {
    let ask = || {
        let (sender, receiver) = channel::bounded::<Request>(1);
        let (reply, answer) = channel::bounded(1);
        sleepable(|cx| {
            let server = thread::Builder::new().stack_size(256 << 20).spawn(move |_cx| {
                while receiver.is_empty() {
                    spin_loop();
                }
                // The request is in the channel, or about to be.
                drop(receiver);
            });
            let sent = sender.send(cx, Request { _reply: reply, _body: [1; _] });
            server.unwrap().join(cx).unwrap();
            assert!(sent.is_ok(), "the receiver was there");
            let answer = answer.recv_timeout(cx, Duration::from_secs(1));
            assert_eq!(answer, Err(RecvTimeoutError::Disconnected), "the request is kept");
        });
    };
    let client = std::thread::Builder::new().stack_size(256 << 20);
    let rounds = if cfg!(miri) { 1 } else { 50 };
    client.spawn(move || (0..rounds).for_each(|_| ask())).unwrap().join().unwrap();
}

#[test]
fn values_behind_one_whose_drop_panics_go_with_the_last_receiver() {
    enum Value {
        Bad,
        Reply(#[allow(dead_code, reason = "only dropped")] Sender<u8>),
    }

    impl Drop for Value {
        fn drop(&mut self) {
            assert!(matches!(self, Self::Reply(_)), "as told");
        }
    }

    report_panics_briefly();
    for (sender, receiver) in [channel::bounded(8), channel::unbounded()] {
        let (reply, answer) = channel::bounded(1);
        sleepable(|cx| {
            sender.send(cx, Value::Bad).unwrap_or_else(|_| panic!("there is a receiver"));
            sender.send(cx, Value::Reply(reply)).unwrap_or_else(|_| panic!("there is a receiver"));
            sender.send(cx, Value::Bad).unwrap_or_else(|_| panic!("there is a receiver"));
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(receiver)));
            assert!(dropped.is_err(), "the first panic passes through");
            assert_eq!(sender.len(), 0);
            let answer = answer.recv_timeout(cx, SHORT);
            assert_eq!(answer, Err(RecvTimeoutError::Disconnected));
        });
    }
}
