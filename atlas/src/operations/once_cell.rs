use once_cell::sync::{Lazy, OnceCell};
use once_cell::race::OnceBox;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "once_cell",
    operations: &[
        Operation::new(Read, "sync::OnceCell::get", get),
        Operation::new(Read, "sync::Lazy, looked at", lazy)
            .instead("a look before the section")
            .note("the first look makes the value"),
        Operation::new(Read, "sync::OnceCell::get_or_init, another is at it", get_or_init)
            .instead("`get` of it")
            .paths(&["once_cell::sync::OnceCell::get_or_init"]),
        Operation::new(Read, "race::OnceBox::get", race_get),
    ],
};

fn get(bench: Bench<'_>) {
    let cell = OnceCell::new();
    let _ = cell.set(1_u64);
    bench.call(&|| _ = black_box(cell.get()));
}

fn lazy(bench: Bench<'_>) {
    static LAZY: Lazy<Box<u64>> = Lazy::new(|| Box::new(1));
    bench.call(&|| _ = black_box(**LAZY));
}

fn get_or_init(bench: Bench<'_>) {
    let cells = [OnceCell::new(), OnceCell::new()];
    let at = std::sync::atomic::AtomicUsize::new(0);
    bench
        .holder("the one that makes the value", &|stand_still| {
            at.store(1, std::sync::atomic::Ordering::SeqCst);
            cells[1].get_or_init(|| {
                stand_still();
                1_u64
            });
        })
        .call(&|| {
            let cell = &cells[at.load(std::sync::atomic::Ordering::SeqCst)];
            black_box(cell.get_or_init(|| 1));
        });
}

fn race_get(bench: Bench<'_>) {
    let cell = OnceBox::new();
    let _ = cell.set(Box::new(1_u64));
    bench.call(&|| _ = black_box(cell.get()));
}
