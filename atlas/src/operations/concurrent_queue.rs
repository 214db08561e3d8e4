use concurrent_queue::ConcurrentQueue;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "concurrent-queue",
    operations: &[
        Operation::new(HandOver, "ConcurrentQueue::push, bounded", try_send)
            .instead(QUEUE)
            .paths(&["concurrent_queue::ConcurrentQueue::push"]),
        Operation::new(HandOver, "ConcurrentQueue::pop, bounded", try_recv)
            .instead("`nonblock::work::Queue::try_pop`, or `rtrb`")
            .paths(&["concurrent_queue::ConcurrentQueue::pop"]),
        Operation::new(HandOver, "ConcurrentQueue::push, unbounded", push)
            .instead(QUEUE)
            .paths(&["concurrent_queue::ConcurrentQueue::push"]),
    ],
};

fn try_send(bench: Bench<'_>) {
    let queue = ConcurrentQueue::bounded(2);
    let (send, receive) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while queue.pop().is_ok() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_send(bench);
}

fn try_recv(bench: Bench<'_>) {
    let queue = ConcurrentQueue::bounded(2);
    let (send, receive) = (|| _ = queue.push(1_u64), || _ = queue.pop());
    let ends = Ends {
        send: &send,
        receive: &receive,
        empty: &|| while queue.pop().is_ok() {},
        both: &|| {
            send();
            receive();
        },
    };
    ends.measure_receive(bench);
}

fn push(bench: Bench<'_>) {
    let queue = ConcurrentQueue::unbounded();
    bench.after(&|| _ = queue.pop()).call(&|| _ = queue.push(1_u64));
}
