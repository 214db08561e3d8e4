use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "evmap",
    operations: &[
        Operation::new(Read, "ReadHandle::get_one", get),
    ],
};

fn get(bench: Bench<'_>) {
    // SAFETY: integers are equal to themselves, whoever asks.
    let (mut writer, reader) = unsafe { evmap::new_assert_stable::<u64, u64>() };
    writer.insert(1, 2).publish();
    let reader = InTurn::new(reader);
    bench.call(&|| reader.with(|reader| _ = black_box(reader.get_one(&1).map(|value| *value))));
}
