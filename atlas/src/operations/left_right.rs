use left_right::{Absorb, ReadHandle};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "left-right",
    operations: &[
        Operation::new(Read, "ReadHandle::enter", enter),
        Operation::new(Read, "ReadHandle::clone, and drop", clone)
            .instead("a handle that was cloned before"),
        Operation::new(HandOver, "WriteHandle::publish, a reader is in", publish)
            .instead("`triple_buffer::Input::write`")
            .paths(&["left_right::WriteHandle::publish"]),
    ],
};

struct Add(u64);

impl Absorb<Add> for u64 {
    fn absorb_first(&mut self, add: &mut Add, _: &Self) {
        *self += add.0;
    }

    fn sync_with(&mut self, first: &Self) {
        *self = *first;
    }
}

fn enter(bench: Bench<'_>) {
    let (mut writer, reader) = left_right::new::<u64, Add>();
    writer.publish();
    let writer = InTurn::new(writer);
    let reader = InTurn::new(reader);
    bench
        .peer("`publish`", &|| {
            writer.with(|writer| _ = writer.append(Add(1)).publish());
        })
        .call(&|| reader.with(|reader| _ = black_box(reader.enter().map(|value| *value))));
}

fn clone(bench: Bench<'_>) {
    let (_writer, reader) = left_right::new::<u64, Add>();
    let reader = InTurn::new(reader);
    bench.call(&|| drop(black_box(reader.with(|reader| ReadHandle::clone(reader)))));
}

fn publish(bench: Bench<'_>) {
    let (mut writer, reader) = left_right::new::<u64, Add>();
    writer.publish();
    let (writer, reader) = (InTurn::new(writer), InTurn::new(reader));
    bench
        .holder("a reader", &|stand_still| {
            reader.with(|reader| {
                let _guard = reader.enter();
                stand_still();
            });
        })
        .call(&|| {
            writer.with(|writer| {
                writer.publish();
                writer.publish();
            });
        });
}
