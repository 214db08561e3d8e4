use thingbuf::{ThingBuf, mpsc};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "thingbuf",
    operations: &[
        Operation::new(HandOver, "mpsc::Sender::try_send, nobody waits", try_send)
            .instead(CHANNEL)
            .paths(&["thingbuf::mpsc::Sender::try_send"]),
        Operation::new(HandOver, "mpsc::Receiver::try_recv", try_recv)
            .instead(CHANNEL)
            .paths(&["thingbuf::mpsc::Receiver::try_recv"]),
        Operation::new(HandOver, "ThingBuf::push", push)
            .instead(QUEUE)
            .paths(&["thingbuf::ThingBuf::push"]),
        Operation::new(HandOver, "ThingBuf::pop", pop)
            .instead(QUEUE)
            .paths(&["thingbuf::ThingBuf::pop"]),
    ],
};

fn try_send(bench: Bench<'_>) {
    let (sender, receiver) = mpsc::channel(2);
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
    let (sender, receiver) = mpsc::channel(2);
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

fn push(bench: Bench<'_>) {
    let queue = ThingBuf::new(2);
    let (push, pop) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &push,
        receive: &pop,
        empty: &|| while queue.pop().is_some() {},
        both: &|| {
            push();
            pop();
        },
    };
    ends.measure_send(bench);
}

fn pop(bench: Bench<'_>) {
    let queue = ThingBuf::new(2);
    let (push, pop) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &push,
        receive: &pop,
        empty: &|| while queue.pop().is_some() {},
        both: &|| {
            push();
            pop();
        },
    };
    ends.measure_receive(bench);
}
