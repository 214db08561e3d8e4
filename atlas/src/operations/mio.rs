use mio::{Events, Poll, Token, Waker};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "mio",
    operations: &[
        Operation::new(Wake, "Waker::wake", wake)
            .note("its eventfd does not block"),
    ],
};

fn wake(bench: Bench<'_>) {
    let mut poll = Poll::new().expect("Linux has it");
    let waker = Waker::new(poll.registry(), Token(0)).expect("Linux has it");
    let sleeper = Sleeper::start(move || {
        let _ = poll.poll(&mut Events::with_capacity(1), None);
    });
    bench.prepare(&|| sleeper.falls_asleep()).call(&|| _ = waker.wake());
}
