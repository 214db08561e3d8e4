use object_pool::Pool;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "object-pool",
    operations: &[
        Operation::new(Memory, "Pool::try_pull, and giving back", pull)
            .instead("`nonblock::Reserve::take`")
            .paths(&["object_pool::Pool::try_pull"]),
    ],
};

fn pull(bench: Bench<'_>) {
    let pool = Pool::new(4, || 1_u64);
    let pull = || drop(black_box(pool.try_pull()));
    bench.peer("`try_pull`", &pull).call(&pull);
}
