use basedrop::{Collector, Owned, Shared, SharedCell};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "basedrop",
    operations: &[
        Operation::new(Read, "Shared::clone, and drop", clone),
        Operation::new(Memory, "Owned, dropped", drop_owned),
        Operation::new(Read, "SharedCell::get", get)
            .instead(RCU)
            .paths(&["basedrop::SharedCell::get"]),
        Operation::new(Memory, "Owned::new", new)
            .instead(RESERVE)
            .paths(&["basedrop::Owned::new"]),
    ],
};

fn clone(bench: Bench<'_>) {
    let collector = Collector::new();
    let shared = Shared::new(&collector.handle(), 1_u64);
    bench.call(&|| drop(black_box(Shared::clone(&shared))));
}

fn drop_owned(bench: Bench<'_>) {
    let collector = Collector::new();
    let handle = InTurn::new(collector.handle());
    let owned = InTurn::new(None);
    bench
        .prepare(&|| owned.put(handle.with(|handle| Owned::new(handle, 1_u64))))
        .call(&|| drop(owned.take()));
}

fn get(bench: Bench<'_>) {
    let collector = Collector::new();
    let handle = collector.handle();
    let shared = SharedCell::new(Shared::new(&handle, 1_u64));
    let next = InTurn::new(Shared::new(&handle, 2_u64));
    bench
        .peer("`replace`", &|| {
            next.with(|next| *next = shared.replace(Shared::clone(next)));
        })
        .peer("`get`", &|| drop(shared.get()))
        .call(&|| _ = black_box(*shared.get()));
}

fn new(bench: Bench<'_>) {
    let collector = Collector::new();
    let handle = InTurn::new(collector.handle());
    let owned = InTurn::new(None);
    bench
        .after(&|| drop(owned.take()))
        .call(&|| owned.put(handle.with(|handle| Owned::new(handle, 1_u64))));
}
