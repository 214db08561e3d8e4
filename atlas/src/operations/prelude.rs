//! What every file here uses.

pub(super) use std::hint::black_box;

pub(super) use crate::bench::{AnyThread, Bench, InTurn};
pub(super) use crate::operation::Group::{HandOver, Log, Map, Memory, Random, Read, Time, Wake};
pub(super) use crate::operation::{Operation, Package};
pub(super) use crate::sleeper::Sleeper;
pub(super) use crate::{meanwhile, time_passes};

/// What to use instead, for many.
pub(super) const RING: &str = "`rtrb::Producer::push`, or `nonblock::work::ring`";
pub(super) const QUEUE: &str = "`nonblock::work::Queue::push`, or `rtrb`";
pub(super) const CHANNEL: &str = "`nonblock::sync::channel::bounded`, or `rtrb`";
pub(super) const RCU: &str = "`nonblock::rcu::Rcu::read`, or `triple_buffer`";
pub(super) const TRY: &str = "`try_lock` of it";
pub(super) const RESERVE: &str =
    "what was allocated before: `nonblock::Reserve`, `arrayvec`, `heapless`";
pub(super) const WORKER: &str = "`nonblock::work::Queue::push`: its worker writes";
pub(super) const UNPARK: &str =
    "`std::thread::Thread::unpark`, or `nonblock::sync::Condvar::notify_one`";
pub(super) const SEEDED: &str =
    "a generator that was seeded before: `oorandom`, `fastrand::Rng`, `SmallRng`";

use crate::bench::Action;

/// Both ends of something of a small capacity, by calls that never wait.
pub(super) struct Ends<'a> {
    pub(super) send: Action<'a>,
    pub(super) receive: Action<'a>,
    /// Takes out all that is there.
    pub(super) empty: Action<'a>,
    /// Both, one after the other, for the thread that is stopped in the middle.
    pub(super) both: Action<'a>,
}

impl<'a> Ends<'a> {
    pub(super) fn measure_send(self, bench: Bench<'a>) {
        bench
            .prepare(self.send)
            .after(self.empty)
            .peer("one who sends and receives", self.both)
            .call(self.send);
    }

    pub(super) fn measure_receive(self, bench: Bench<'a>) {
        bench
            .prepare(self.send)
            .prepare_beside(&|| ())
            .after(self.empty)
            .peer("one who sends and receives", self.both)
            .call(self.receive);
    }
}
