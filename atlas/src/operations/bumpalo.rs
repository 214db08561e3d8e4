use bumpalo::Bump;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "bumpalo",
    operations: &[
        Operation::new(Memory, "Bump::alloc, room left", alloc),
        Operation::new(Memory, "Bump::alloc, it grows", grow)
            .instead("`Bump::with_capacity`, and `try_alloc` with `set_allocation_limit`"),
        Operation::new(Memory, "Bump::reset, after it grew", reset)
            .instead("`reset` outside the section")
            .paths(&["bumpalo::Bump::reset"]),
    ],
};

fn alloc(bench: Bench<'_>) {
    let bump = InTurn::new(Bump::with_capacity(4096));
    bench
        .after(&|| bump.with(Bump::reset))
        .call(&|| bump.with(|bump| _ = black_box(bump.alloc(1_u64))));
}

fn grow(bench: Bench<'_>) {
    let bump = InTurn::new(Bump::new());
    bench.call(&|| bump.with(|bump| _ = black_box(bump.alloc(1_u64))));
}

fn reset(bench: Bench<'_>) {
    let bump = InTurn::new(Bump::new());
    let fill = || {
        bump.with(|bump| {
            *bump = Bump::new();
            for _ in 0..10 {
                bump.alloc([0_u8; 1000]);
            }
        });
    };
    bench.prepare(&fill).call(&|| bump.with(Bump::reset));
}
