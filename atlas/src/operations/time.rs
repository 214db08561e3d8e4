use time::OffsetDateTime;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "time",
    operations: &[
        Operation::new(Time, "OffsetDateTime::now_utc", utc),
        Operation::new(Time, "OffsetDateTime::now_local", local)
            .instead("`now_utc`, and the offset added later")
            .paths(&["time::OffsetDateTime::now_local"]),
    ],
};

fn utc(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(OffsetDateTime::now_utc()));
}

fn local(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(OffsetDateTime::now_local()));
}
