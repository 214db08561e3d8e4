use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "getrandom",
    operations: &[
        Operation::new(Random, "fill, 16 bytes", fill)
            .note("until the kernel has entropy, which it has soon after it starts, this waits"),
    ],
};

fn fill(bench: Bench<'_>) {
    bench.call(&|| {
        let mut bytes = [0; 16];
        let _ = getrandom::fill(&mut bytes);
        black_box(bytes);
    });
}
