use std::sync::Arc;

use arc_swap::ArcSwap;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "arc-swap",
    operations: &[
        Operation::new(Read, "ArcSwap::load, nobody stores", load),
        Operation::new(Read, "ArcSwap::load, and another stores meanwhile", load_replaced)
            .instead(RCU)
            .paths(&["arc_swap::ArcSwapAny::load"]),
        Operation::new(Read, "ArcSwap::load, nine are held", load_many),
        Operation::new(Read, "ArcSwap::load_full, and another stores meanwhile", load_full)
            .instead(RCU)
            .paths(&["arc_swap::ArcSwapAny::load_full"]),
        Operation::new(HandOver, "ArcSwap::store", store)
            .instead("`triple_buffer::Input::write`, or a queue to a thread that stores")
            .paths(&["arc_swap::ArcSwapAny::store"]),
    ],
};

fn load(bench: Bench<'_>) {
    let shared = ArcSwap::from_pointee(1_u64);
    bench
        .holder("a reader", &|stand_still| {
            let _guard = shared.load();
            stand_still();
        })
        .peer("`load`", &|| drop(shared.load()))
        .call(&|| _ = black_box(**shared.load()));
}

fn load_replaced(bench: Bench<'_>) {
    let shared = ArcSwap::from_pointee(1_u64);
    bench.peer("`load`", &|| drop(shared.load())).call(&|| {
        let value = shared.load();
        meanwhile(&|| shared.store(Arc::new(2)));
        black_box(**value);
    });
}

fn load_many(bench: Bench<'_>) {
    let shared = ArcSwap::from_pointee(1_u64);
    bench.call(&|| {
        let held: [_; 9] = std::array::from_fn(|_| shared.load());
        black_box(&held);
    });
}

fn load_full(bench: Bench<'_>) {
    let shared = ArcSwap::from_pointee(1_u64);
    bench.call(&|| {
        let value = shared.load_full();
        meanwhile(&|| shared.store(Arc::new(2)));
        black_box(*value);
    });
}

fn store(bench: Bench<'_>) {
    let shared = ArcSwap::from_pointee(1_u64);
    let next = InTurn::new(None);
    bench
        .prepare(&|| next.put(Arc::new(2)))
        .peer("`load`", &|| drop(shared.load()))
        .holder("a reader", &|stand_still| {
            let _guard = shared.load();
            stand_still();
        })
        .call(&|| shared.store(next.take()));
}
