//! Channels, against crossbeam's, std's, flume's, kanal's and thingbuf's.

use std::hint::black_box;
use std::sync::mpsc;

use benches::batch::Batch;
use benches::{Goal, Group, Plan, beside, repeat, timed};
use nonblock::Sleepable;
use nonblock::sync::channel;
use thingbuf::mpsc::blocking;

const CROSSBEAM: &str = "crossbeam-channel";
const NONBLOCK: &str = "nonblock's channel";
const STD: &str = "std's mpsc";
const FLUME: &str = "flume";
const KANAL: &str = "kanal";
const THINGBUF: &str = "thingbuf's mpsc";

/// How many values a bounded channel holds.
const ROOM: usize = 256;

pub(crate) fn plan(plan: &mut Plan) {
    plan.group("channel_bounded", "A bounded channel: a value in and out, one thread", |group| {
        group.about(
            "There is room for 256 values of 64 bits. std's and thingbuf's have one receiver, the others any number.",
        );
        bounded(group, Threads::One);
        group.counted(1000);
    });
    plan.group(
        "channel_unbounded",
        "An unbounded channel: a value in and out, one thread",
        |group| {
            group.about("Values of 64 bits. std's has one receiver, the others any number.");
            rival(group, CROSSBEAM, crossbeam_channel::unbounded, Threads::One);
            rival(group, NONBLOCK, channel::unbounded, Threads::One);
            rival(group, STD, mpsc::channel, Threads::One);
            rival(group, FLUME, flume::unbounded, Threads::One);
            rival(group, KANAL, kanal::unbounded, Threads::One);
            // An unbounded channel of theirs allocates a block of 31 values at a time.
            group.counted(31 * 32);
        },
    );
    if !nonblock::CHECKS {
        plan.group("channel_threads", "A bounded channel from one thread to another", |group| {
            group.about(
                "One thread sends, another receives; either waits for the other where it must. There is room for 256 values of \
                 64 bits. The time is per value. std's and thingbuf's have one receiver, the others any number.",
            );
            bounded(group, Threads::Two);
            group.goal(Goal::at_most_the_best(1.0, NONBLOCK, &[CROSSBEAM, STD]));
        });
    }
}

/// Whether one thread sends and receives in turn, or one sends what another receives.
#[derive(Clone, Copy)]
enum Threads {
    One,
    Two,
}

/// Every channel with a bound.
fn bounded(group: &mut Group, threads: Threads) {
    rival(group, CROSSBEAM, || crossbeam_channel::bounded(ROOM), threads);
    rival(group, NONBLOCK, || channel::bounded(ROOM), threads);
    rival(group, STD, || mpsc::sync_channel(ROOM), threads);
    rival(group, FLUME, || flume::bounded(ROOM), threads);
    rival(group, KANAL, || kanal::bounded(ROOM), threads);
    rival(group, THINGBUF, || blocking::channel(ROOM), threads);
}

fn rival<S: Sender + 'static, R: Receiver + 'static>(
    group: &mut Group,
    name: &str,
    make: fn() -> (S, R),
    threads: Threads,
) {
    let batch = move || -> Batch {
        let (sender, receiver) = make();
        match threads {
            Threads::One => Box::new(timed(move |times| {
                nonblock::raw::sleepable(|cx| {
                    repeat(times, || {
                        sender.put(black_box(1), cx);
                        black_box(receiver.take(cx));
                    });
                });
            })),
            Threads::Two => Box::new(beside(
                move |times| {
                    nonblock::raw::sleepable(|cx| repeat(times, || sender.put(black_box(1), cx)));
                },
                move |times| {
                    nonblock::raw::sleepable(|cx| {
                        repeat(times, || {
                            black_box(receiver.take(cx));
                        });
                    });
                },
            )),
        }
    };
    if name == NONBLOCK { group.ours(name, batch) } else { group.rival(name, batch) }
}

/// The end of a channel that values are sent into, from whatever crate. Waits where there is no room.
trait Sender: Send {
    fn put(&self, value: u64, cx: &mut Sleepable);
}

/// The end of a channel that values come out of. Waits where there is none.
trait Receiver: Send {
    fn take(&self, cx: &mut Sleepable) -> u64;
}

impl Sender for channel::Sender<u64> {
    #[inline]
    fn put(&self, value: u64, cx: &mut Sleepable) {
        self.send(cx, value).expect("the receiver is there");
    }
}

impl Receiver for channel::Receiver<u64> {
    #[inline]
    fn take(&self, cx: &mut Sleepable) -> u64 {
        self.recv(cx).expect("the sender is there")
    }
}

macro_rules! send {
    ($($sender:ty),*) => {$(
        impl Sender for $sender {
            #[inline]
            fn put(&self, value: u64, _cx: &mut Sleepable) {
                self.send(value).expect("the receiver is there");
            }
        }
    )*};
}

macro_rules! receive {
    ($($receiver:ty),*) => {$(
        impl Receiver for $receiver {
            #[inline]
            fn take(&self, _cx: &mut Sleepable) -> u64 {
                self.recv().expect("the sender is there")
            }
        }
    )*};
}

send!(
    crossbeam_channel::Sender<u64>,
    mpsc::Sender<u64>,
    mpsc::SyncSender<u64>,
    flume::Sender<u64>,
    kanal::Sender<u64>,
    blocking::Sender<u64>
);
receive!(
    crossbeam_channel::Receiver<u64>,
    mpsc::Receiver<u64>,
    flume::Receiver<u64>,
    kanal::Receiver<u64>,
    blocking::Receiver<u64>
);
