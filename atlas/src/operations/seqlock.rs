use seqlock::SeqLock;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "seqlock",
    operations: &[
        Operation::new(Read, "SeqLock::read", read)
            .instead(RCU)
            .paths(&["seqlock::SeqLock::read"]),
    ],
};

fn read(bench: Bench<'_>) {
    let lock = SeqLock::new([0_u64; 4]);
    bench
        .holder("a writer", &|stand_still| {
            let _guard = lock.lock_write();
            stand_still();
        })
        .call(&|| _ = black_box(lock.read()));
}
