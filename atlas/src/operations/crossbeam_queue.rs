use crossbeam_queue::{ArrayQueue, SegQueue};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "crossbeam-queue",
    operations: &[
        Operation::new(HandOver, "ArrayQueue::push", try_send)
            .instead(QUEUE)
            .paths(&["crossbeam_queue::ArrayQueue::push"]),
        Operation::new(HandOver, "ArrayQueue::pop", try_recv)
            .instead("`nonblock::work::Queue::try_pop`, or `rtrb`")
            .paths(&["crossbeam_queue::ArrayQueue::pop"]),
        Operation::new(HandOver, "SegQueue::push", push)
            .instead(QUEUE)
            .paths(&["crossbeam_queue::SegQueue::push"]),
        Operation::new(HandOver, "SegQueue::pop", pop)
            .instead("`nonblock::work::Queue::try_pop`, or `rtrb`")
            .paths(&["crossbeam_queue::SegQueue::pop"]),
    ],
};

fn try_send(bench: Bench<'_>) {
    let queue = ArrayQueue::new(2);
    let (send, receive) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while queue.pop().is_some() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_send(bench);
}

fn try_recv(bench: Bench<'_>) {
    let queue = ArrayQueue::new(2);
    let (send, receive) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while queue.pop().is_some() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_receive(bench);
}

fn push(bench: Bench<'_>) {
    let queue = SegQueue::new();
    bench.after(&|| _ = queue.pop()).call(&|| queue.push(1_u64));
}

fn pop(bench: Bench<'_>) {
    let queue = SegQueue::new();
    let push = || queue.push(1_u64);
    bench
        .prepare(&push)
        .prepare_beside(&|| ())
        .after(&|| while queue.pop().is_some() {})
        .peer("`push`", &push)
        .call(&|| _ = queue.pop());
}
