use rtrb::{Consumer, RingBuffer};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "rtrb",
    operations: &[
        Operation::new(HandOver, "Producer::push", push),
        Operation::new(HandOver, "Consumer::pop", pop),
    ],
};

fn push(bench: Bench<'_>) {
    let (producer, consumer) = RingBuffer::new(64);
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.push(1_u64));
    let pop = || _ = consumer.with(Consumer::pop);
    bench.prepare(&push).after(&pop).peer("`pop`", &pop).call(&push);
}

fn pop(bench: Bench<'_>) {
    let (producer, consumer) = RingBuffer::new(64);
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.push(1_u64));
    let pop = || _ = consumer.with(Consumer::pop);
    bench.prepare(&push).peer("`push`", &push).call(&pop);
}
