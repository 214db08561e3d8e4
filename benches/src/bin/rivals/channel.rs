//! Channels, against crossbeam's and std's.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use benches::{Group, Plan, each, repeat, timed};
use nonblock::Sleepable;
use nonblock::sync::channel;

const CROSSBEAM: &str = "crossbeam-channel";
const NONBLOCK: &str = "nonblock's channel";
const STD: &str = "std's mpsc";

/// How many values a bounded channel holds.
const ROOM: usize = 256;

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("channel_bounded", "A bounded channel: a value in and out, one thread", |group| {
        group.rival(CROSSBEAM, || {
            let (sender, receiver) = crossbeam_channel::bounded(ROOM);
            each(move || {
                sender.send(black_box(1_u64)).expect("the receiver is there");
                black_box(receiver.recv().expect("the sender is there"));
            })
        });
        group.ours(NONBLOCK, || ours(channel::bounded(ROOM)));
        group.rival(STD, || {
            let (sender, receiver) = mpsc::sync_channel(ROOM);
            each(move || {
                sender.send(black_box(1_u64)).expect("the receiver is there");
                black_box(receiver.recv().expect("the sender is there"));
            })
        });
        group.counted(1000);
    });
    plan.group(
        "channel_unbounded",
        "An unbounded channel: a value in and out, one thread",
        |group| {
            group.rival(CROSSBEAM, || {
                let (sender, receiver) = crossbeam_channel::unbounded();
                each(move || {
                    sender.send(black_box(1_u64)).expect("the receiver is there");
                    black_box(receiver.recv().expect("the sender is there"));
                })
            });
            group.ours(NONBLOCK, || ours(channel::unbounded()));
            group.rival(STD, || {
                let (sender, receiver) = mpsc::channel();
                each(move || {
                    sender.send(black_box(1_u64)).expect("the receiver is there");
                    black_box(receiver.recv().expect("the sender is there"));
                })
            });
            // An unbounded channel of theirs allocates a block of 31 values at a time.
            group.counted(31 * 32);
        },
    );
    if !nonblock::CHECKS {
        plan.group("channel_threads", "A bounded channel from one thread to another", streams);
    }
}

fn ours(
    (sender, receiver): (channel::Sender<u64>, channel::Receiver<u64>),
) -> impl FnMut(u64) -> Duration {
    timed(move |times| {
        nonblock::raw::sleepable(|cx| {
            repeat(times, || {
                sender.send(cx, black_box(1)).expect("the receiver is there");
                black_box(receiver.recv(cx).expect("the sender is there"));
            });
        });
    })
}

fn streams(group: &mut Group) {
    group.about("One thread sends, another receives; either waits for the other where it must. The time is per value.");
    group.rival(CROSSBEAM, || {
        let (sender, receiver) = crossbeam_channel::bounded(ROOM);
        stream(
            sender,
            receiver,
            |sender, _cx| sender.send(1_u64).expect("the receiver is there"),
            |receiver, _cx| receiver.recv().expect("the sender is there"),
        )
    });
    group.ours(NONBLOCK, || {
        let (sender, receiver) = channel::bounded(ROOM);
        stream(
            sender,
            receiver,
            |sender, cx| sender.send(cx, 1_u64).expect("the receiver is there"),
            |receiver, cx| receiver.recv(cx).expect("the sender is there"),
        )
    });
    group.rival(STD, || {
        let (sender, receiver) = mpsc::sync_channel(ROOM);
        stream(
            sender,
            receiver,
            |sender, _cx| sender.send(1_u64).expect("the receiver is there"),
            |receiver, _cx| receiver.recv().expect("the sender is there"),
        )
    });
}

/// Sends so many values to a thread, and times it until the last has come.
fn stream<S: Send, R: Send>(
    sender: S,
    receiver: R,
    send: fn(&S, &mut Sleepable),
    receive: fn(&R, &mut Sleepable) -> u64,
) -> impl FnMut(u64) -> Duration {
    let mut ends = (sender, receiver);
    move |times| {
        let (sender, receiver) = &mut ends;
        thread::scope(|scope| {
            let start = Instant::now();
            let receiving = scope.spawn(move || {
                nonblock::raw::sleepable(|cx| {
                    repeat(times, || {
                        black_box(receive(receiver, cx));
                    });
                });
                Instant::now()
            });
            nonblock::raw::sleepable(|cx| repeat(times, || send(sender, cx)));
            receiving.join().expect("it did not panic") - start
        })
    }
}
