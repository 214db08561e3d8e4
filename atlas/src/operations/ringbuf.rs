use ringbuf::HeapRb;
use ringbuf::traits::{Consumer, Producer, Split};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "ringbuf",
    operations: &[
        Operation::new(HandOver, "Producer::try_push", push),
        Operation::new(HandOver, "Consumer::try_pop", pop),
    ],
};

fn push(bench: Bench<'_>) {
    let (producer, consumer) = HeapRb::new(64).split();
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.try_push(1_u64));
    let pop = || _ = consumer.with(Consumer::try_pop);
    bench.prepare(&push).after(&pop).peer("`try_pop`", &pop).call(&push);
}

fn pop(bench: Bench<'_>) {
    let (producer, consumer) = HeapRb::new(64).split();
    let (producer, consumer) = (InTurn::new(producer), InTurn::new(consumer));
    let push = || _ = producer.with(|producer| producer.try_push(1_u64));
    let pop = || _ = consumer.with(Consumer::try_pop);
    bench.prepare(&push).peer("`try_push`", &push).call(&pop);
}
