use flume::{bounded, unbounded};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "flume",
    operations: &[
        Operation::new(HandOver, "Sender::try_send, bounded", try_send)
            .instead(CHANNEL)
            .paths(&["flume::Sender::try_send"]),
        Operation::new(HandOver, "Receiver::try_recv, bounded", try_recv)
            .instead(CHANNEL)
            .paths(&["flume::Receiver::try_recv"]),
        Operation::new(HandOver, "Sender::send, unbounded", send)
            .instead(CHANNEL)
            .paths(&["flume::Sender::send"]),
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
    let (sender, _receiver) = unbounded();
    bench.call(&|| _ = sender.send(1_u64));
}
