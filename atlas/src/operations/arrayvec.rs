use std::fmt::Write;

use arrayvec::{ArrayString, ArrayVec};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "arrayvec",
    operations: &[
        Operation::new(Memory, "ArrayVec::try_push", push),
        Operation::new(Log, "write!, into an ArrayString", write),
    ],
};

fn push(bench: Bench<'_>) {
    let vec = InTurn::new(ArrayVec::<u64, 4>::new());
    bench
        .prepare(&|| vec.with(ArrayVec::clear))
        .call(&|| vec.with(|vec| _ = vec.try_push(1)));
}

fn write(bench: Bench<'_>) {
    let string = InTurn::new(ArrayString::<100>::new());
    bench.prepare(&|| string.with(ArrayString::clear)).call(&|| {
        string.with(|string| _ = write!(string, "{} and {:?}", black_box(1.5), black_box("text")));
    });
}
