use std::pin::pin;
use std::task::{Context, Waker};

use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "tokio",
    operations: &[
        Operation::new(HandOver, "sync::mpsc::Sender::try_send, each is received at once", try_send)
            .instead(CHANNEL),
        Operation::new(HandOver, "sync::mpsc::Sender::try_send, until it is full", try_send_backlog)
            .instead(CHANNEL)
            .paths(&["tokio::sync::mpsc::Sender::try_send"]),
        Operation::new(HandOver, "sync::mpsc::Receiver::try_recv", try_recv)
            .instead(CHANNEL)
            .paths(&["tokio::sync::mpsc::Receiver::try_recv"]),
        Operation::new(HandOver, "sync::mpsc::UnboundedSender::send", send)
            .instead(CHANNEL)
            .paths(&["tokio::sync::mpsc::UnboundedSender::send"]),
        Operation::new(HandOver, "sync::oneshot::Sender::send", oneshot_send)
            .note("the other end must be there still: whoever drops his last, frees")
            .instead(RING),
        Operation::new(HandOver, "sync::broadcast::Sender::send", broadcast_send)
            .instead("a ring for each receiver")
            .paths(&["tokio::sync::broadcast::Sender::send"]),
        Operation::new(HandOver, "sync::broadcast::Receiver::try_recv", broadcast_recv)
            .instead("a ring for each receiver")
            .paths(&["tokio::sync::broadcast::Receiver::try_recv"]),
        Operation::new(Read, "sync::watch::Receiver::borrow", borrow)
            .instead(RCU)
            .paths(&["tokio::sync::watch::Receiver::borrow"]),
        Operation::new(HandOver, "sync::watch::Sender::send_replace", send_replace)
            .instead("`triple_buffer::Input::write`")
            .paths(&["tokio::sync::watch::Sender::send_replace", "tokio::sync::watch::Sender::send"]),
        Operation::new(Wake, "sync::Notify::notify_one, nobody waits", notify),
        Operation::new(Wake, "sync::Notify::notify_waiters, nobody waits", notify_waiters)
            .instead("`notify_one`")
            .paths(&["tokio::sync::Notify::notify_waiters"]),
        Operation::new(Wake, "sync::Notify::notify_one, one waits", notify_waiter)
            .instead(UNPARK)
            .paths(&["tokio::sync::Notify::notify_one"]),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(64);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.try_send(1_u64);
    let receive = || _ = receiver.with(mpsc::Receiver::try_recv);
    bench.prepare_beside(&send).after(&receive).peer("`try_send`", &send).peer("`try_recv`", &receive).call(&send);
}

fn try_send_backlog(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(64);
    let receiver = InTurn::new(receiver);
    bench
        .after(&|| {
            if sender.capacity() == 0 {
                (0..64).for_each(|_| _ = receiver.with(mpsc::Receiver::try_recv));
            }
        })
        .call(&|| _ = sender.try_send(1_u64));
}

fn try_recv(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(4);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.try_send(1_u64);
    let receive = || _ = receiver.with(mpsc::Receiver::try_recv);
    bench
        .prepare(&send)
        .prepare_beside(&|| ())
        .after(&|| while receiver.with(mpsc::Receiver::try_recv).is_ok() {})
        .peer("`try_send`", &send)
        .call(&receive);
}

fn send(bench: Bench<'_>) {
    let (sender, _receiver) = mpsc::unbounded_channel();
    bench.call(&|| _ = sender.send(1_u64));
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

fn broadcast_send(bench: Bench<'_>) {
    let (sender, receiver) = broadcast::channel(4);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.send(1_u64);
    bench
        .after(&|| while receiver.with(broadcast::Receiver::try_recv).is_ok() {})
        .peer("`send`", &send)
        .peer("`try_recv`", &|| _ = receiver.with(broadcast::Receiver::try_recv))
        .call(&send);
}

fn broadcast_recv(bench: Bench<'_>) {
    let (sender, receiver) = broadcast::channel(4);
    let receiver = InTurn::new(receiver);
    let send = || _ = sender.send(1_u64);
    bench
        .prepare(&send)
        .peer("`send`", &send)
        .call(&|| _ = receiver.with(broadcast::Receiver::try_recv));
}

fn borrow(bench: Bench<'_>) {
    let (sender, receiver) = watch::channel(1_u64);
    bench
        .holder("a sender that changes the value", &|stand_still| {
            sender.send_modify(|value| {
                *value += 1;
                stand_still();
            });
        })
        .peer("`send_replace`", &|| _ = sender.send_replace(2))
        .call(&|| _ = black_box(*receiver.borrow()));
}

fn send_replace(bench: Bench<'_>) {
    let (sender, receiver) = watch::channel(1_u64);
    bench
        .holder("a reader", &|stand_still| {
            let _value = receiver.borrow();
            stand_still();
        })
        .call(&|| _ = sender.send_replace(2));
}

fn notify(bench: Bench<'_>) {
    let notify = Notify::new();
    bench.peer("`notify_one`", &|| notify.notify_one()).call(&|| notify.notify_one());
}

fn notify_waiters(bench: Bench<'_>) {
    let notify = Notify::new();
    bench.peer("`notify_waiters`", &|| notify.notify_waiters()).call(&|| notify.notify_waiters());
}

fn notify_waiter(bench: Bench<'_>) {
    let notify: &'static Notify = Box::leak(Box::new(Notify::new()));
    // A task that begins to wait, and is told or gives up.
    let wait = || {
        let mut notified = pin!(notify.notified());
        let mut task = Context::from_waker(Waker::noop());
        let _ = notified.as_mut().poll(&mut task);
    };
    let waiting = InTurn::new(None);
    bench
        .prepare(&|| {
            let mut notified = Box::pin(notify.notified());
            let _ = notified.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            waiting.put(notified);
        })
        .after(&|| drop(waiting.take()))
        .peer("a task that begins to wait, and gives up", &wait)
        .call(&|| notify.notify_one());
}
