use smallvec::SmallVec;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "smallvec",
    operations: &[
        Operation::new(Memory, "SmallVec::push, inline", push),
        Operation::new(Memory, "SmallVec::push, beyond what is inline", push_beyond)
            .instead("`arrayvec::ArrayVec::try_push`"),
    ],
};

fn push(bench: Bench<'_>) {
    let vec = InTurn::new(SmallVec::<[u64; 4]>::new());
    bench.prepare(&|| vec.with(SmallVec::clear)).call(&|| vec.with(|vec| vec.push(1)));
}

fn push_beyond(bench: Bench<'_>) {
    let vec = InTurn::new(SmallVec::<[u64; 4]>::new());
    bench
        .prepare(&|| vec.with(|vec| *vec = [1; 4].into()))
        .call(&|| vec.with(|vec| vec.push(1)));
}
