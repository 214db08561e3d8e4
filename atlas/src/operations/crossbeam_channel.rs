use std::time::Duration;

use crossbeam_channel::{bounded, tick, unbounded};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "crossbeam-channel",
    operations: &[
        Operation::new(HandOver, "Sender::try_send, bounded", try_send)
            .instead(CHANNEL)
            .paths(&["crossbeam_channel::Sender::try_send"]),
        Operation::new(HandOver, "Receiver::try_recv, bounded", try_recv)
            .instead(CHANNEL)
            .paths(&["crossbeam_channel::Receiver::try_recv"]),
        Operation::new(HandOver, "Sender::send, unbounded", send)
            .instead(CHANNEL)
            .paths(&["crossbeam_channel::Sender::send"]),
        Operation::new(HandOver, "Receiver::recv_timeout, no time", recv_timeout)
            .instead("`try_recv`")
            .paths(&["crossbeam_channel::Receiver::recv_timeout"])
            .symbols(&["crossbeam_channel::context::Context::wait_until"]),
        Operation::new(Time, "Receiver::try_recv, of a tick", try_recv_tick)
            .instead("`Instant::now`, and a comparison"),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = bounded(2);
    let (send, receive) = (|| _ = sender.try_send(1_u64), || _ = receiver.try_recv());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while receiver.try_recv().is_ok() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_send(bench);
}

fn try_recv(bench: Bench<'_>) {
    let (sender, receiver) = bounded(2);
    let (send, receive) = (|| _ = sender.try_send(1_u64), || _ = receiver.try_recv());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while receiver.try_recv().is_ok() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_receive(bench);
}

fn send(bench: Bench<'_>) {
    let (sender, receiver) = unbounded();
    bench.after(&|| _ = receiver.try_recv()).call(&|| _ = sender.send(1_u64));
}

fn recv_timeout(bench: Bench<'_>) {
    let (_sender, receiver) = bounded::<u64>(1);
    bench.call(&|| _ = receiver.recv_timeout(Duration::ZERO));
}

fn try_recv_tick(bench: Bench<'_>) {
    let ticks = tick(Duration::from_nanos(1));
    let receive = || _ = ticks.try_recv();
    bench.peer("`try_recv`", &receive).call(&receive);
}
