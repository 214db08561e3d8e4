use heapless::mpmc::Queue;
use heapless::spsc;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "heapless",
    operations: &[
        Operation::new(HandOver, "spsc::Producer::enqueue", enqueue),
        Operation::new(HandOver, "spsc::Consumer::dequeue", dequeue),
        Operation::new(HandOver, "mpmc::Queue::enqueue", shared_enqueue)
            .instead(QUEUE)
            .paths(&["heapless::mpmc::QueueInner::enqueue"]),
        Operation::new(HandOver, "mpmc::Queue::dequeue", shared_dequeue)
            .instead("`nonblock::work::Queue::try_pop`, or `rtrb`")
            .paths(&["heapless::mpmc::QueueInner::dequeue"]),
        Operation::new(Memory, "Vec::push", vec_push),
    ],
};

fn enqueue(bench: Bench<'_>) {
    let mut queue: spsc::Queue<u64, 64> = spsc::Queue::new();
    let (producer, consumer) = queue.split();
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.enqueue(1));
    let pop = || _ = consumer.with(spsc::Consumer::dequeue);
    bench.prepare(&push).after(&pop).peer("`dequeue`", &pop).call(&push);
}

fn dequeue(bench: Bench<'_>) {
    let mut queue: spsc::Queue<u64, 64> = spsc::Queue::new();
    let (producer, consumer) = queue.split();
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.enqueue(1));
    let pop = || _ = consumer.with(spsc::Consumer::dequeue);
    bench.prepare(&push).peer("`enqueue`", &push).call(&pop);
}

fn shared_enqueue(bench: Bench<'_>) {
    // Deprecated, since others are refused while a thread stands still in the middle. They return, which is what is asked here.
    #[allow(deprecated)]
    let queue: Queue<u64, 2> = Queue::new();
    let (push, pop) = (|| _ = queue.enqueue(1), || _ = queue.dequeue());
    let ends = Ends {
        send: &push,
        receive: &pop,
        empty: &|| while queue.dequeue().is_some() {},
        both: &|| {
            push();
            pop();
        },
    };
    ends.measure_send(bench);
}

fn shared_dequeue(bench: Bench<'_>) {
    // Deprecated, since others are refused while a thread stands still in the middle. They return, which is what is asked here.
    #[allow(deprecated)]
    let queue: Queue<u64, 2> = Queue::new();
    let (push, pop) = (|| _ = queue.enqueue(1), || _ = queue.dequeue());
    let ends = Ends {
        send: &push,
        receive: &pop,
        empty: &|| while queue.dequeue().is_some() {},
        both: &|| {
            push();
            pop();
        },
    };
    ends.measure_receive(bench);
}

fn vec_push(bench: Bench<'_>) {
    let vec = InTurn::new(heapless::Vec::<u64, 8>::new());
    bench.prepare(&|| vec.with(heapless::Vec::clear)).call(&|| _ = vec.with(|vec| vec.push(1)));
}
