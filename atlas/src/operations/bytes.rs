use bytes::{Bytes, BytesMut};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "bytes",
    operations: &[
        Operation::new(Memory, "Bytes::clone, of a vector, the first", clone_first)
            .instead("a `Bytes` that was cloned before"),
        Operation::new(Memory, "Bytes::slice, of a shared one", slice),
        Operation::new(Memory, "BytesMut::reserve and split, the part before is kept", split)
            .instead(RESERVE)
            .paths(&["bytes::BytesMut::reserve"]),
    ],
};

fn clone_first(bench: Bench<'_>) {
    let bytes = InTurn::new(Bytes::new());
    let kept = InTurn::new(None);
    bench
        .prepare(&|| bytes.with(|bytes| *bytes = Bytes::from(vec![1; 64])))
        .after(&|| drop(kept.take()))
        .call(&|| kept.put(bytes.with(|bytes| bytes.clone())));
}

fn slice(bench: Bench<'_>) {
    let bytes = Bytes::from(vec![1; 64]);
    let shared = bytes.clone();
    bench.call(&|| drop(black_box(bytes.slice(1..10))));
    drop(shared);
}

fn split(bench: Bench<'_>) {
    let bytes = InTurn::new(BytesMut::with_capacity(256));
    let before = InTurn::new(BytesMut::new());
    bench.call(&|| {
        bytes.with(|bytes| {
            bytes.reserve(100);
            bytes.extend_from_slice(&[1; 100]);
            before.with(|before| *before = bytes.split());
        });
    });
}
