use bbqueue::nicknames::Churrasco;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "bbqueue",
    operations: &[
        Operation::new(HandOver, "grant_exact and commit", commit),
        Operation::new(HandOver, "read and release", release),
    ],
};

fn commit(bench: Bench<'_>) {
    let queue: Churrasco<256> = Churrasco::new();
    let (producer, consumer) = (queue.stream_producer(), queue.stream_consumer());
    let (producer, consumer) = (InTurn::new(AnyThread(producer)), InTurn::new(AnyThread(consumer)));
    let send = || {
        producer.with(|producer| {
            if let Ok(mut grant) = producer.0.grant_exact(8) {
                grant[0] = 1;
                grant.commit(8);
            }
        });
    };
    let receive = || {
        consumer.with(|consumer| {
            if let Ok(grant) = consumer.0.read() {
                let all = grant.len();
                grant.release(all);
            }
        });
    };
    bench.prepare(&send).after(&receive).peer("`release`", &receive).call(&send);
}

fn release(bench: Bench<'_>) {
    let queue: Churrasco<256> = Churrasco::new();
    let (producer, consumer) = (queue.stream_producer(), queue.stream_consumer());
    let (producer, consumer) = (InTurn::new(AnyThread(producer)), InTurn::new(AnyThread(consumer)));
    let send = || {
        producer.with(|producer| {
            if let Ok(mut grant) = producer.0.grant_exact(8) {
                grant[0] = 1;
                grant.commit(8);
            }
        });
    };
    let receive = || {
        consumer.with(|consumer| {
            if let Ok(grant) = consumer.0.read() {
                let all = grant.len();
                grant.release(all);
            }
        });
    };
    bench.prepare(&send).peer("`commit`", &send).call(&receive);
}
