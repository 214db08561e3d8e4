use std::task::Waker;

use futures::channel::{mpsc, oneshot};
use futures::task::AtomicWaker;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "futures",
    operations: &[
        Operation::new(HandOver, "channel::mpsc::Sender::try_send", try_send)
            .instead(CHANNEL)
            .paths(&["futures::channel::mpsc::Sender::try_send"]),
        Operation::new(HandOver, "channel::mpsc::Receiver::try_recv", try_recv)
            .instead(CHANNEL)
            .paths(&["futures::channel::mpsc::Receiver::try_recv"]),
        Operation::new(HandOver, "channel::oneshot::Sender::send", oneshot_send)
            .instead(RING)
            .note("the other end must be there still: whoever drops his last, frees"),
        Operation::new(Wake, "task::AtomicWaker::wake", wake)
            .note("it runs the code of the waker"),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(2);
    let (sender, receiver) = (InTurn::new(sender), InTurn::new(receiver));
    let send = || _ = sender.with(|sender| sender.try_send(1_u64));
    let receive = || _ = receiver.with(mpsc::Receiver::try_recv);
    bench
        .after(&|| while receiver.with(mpsc::Receiver::try_recv).is_ok() {})
        .peer("`try_recv`", &receive)
        .call(&send);
}

fn try_recv(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(2);
    let (sender, receiver) = (InTurn::new(sender), InTurn::new(receiver));
    let send = || _ = sender.with(|sender| sender.try_send(1_u64));
    let receive = || _ = receiver.with(mpsc::Receiver::try_recv);
    bench
        .prepare(&send)
        .prepare_beside(&|| ())
        .after(&|| while receiver.with(mpsc::Receiver::try_recv).is_ok() {})
        .peer("`try_send`", &send)
        .call(&receive);
}

fn oneshot_send(bench: Bench<'_>) {
    let ends = (InTurn::new(None), InTurn::new(None));
    bench
        .prepare(&|| {
            let (sender, receiver) = oneshot::channel();
            ends.0.put(sender);
            ends.1.put(receiver);
        })
        .after(&|| drop(ends.1.take()))
        .call(&|| _ = ends.0.take().send(1_u64));
}

fn wake(bench: Bench<'_>) {
    let waker = AtomicWaker::new();
    let register = || waker.register(Waker::noop());
    bench.prepare(&register).peer("`register`", &register).call(&|| waker.wake());
}
