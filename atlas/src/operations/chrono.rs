use std::time::Duration;

use chrono::{Local, Utc};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "chrono",
    operations: &[
        Operation::new(Time, "Utc::now", utc),
        Operation::new(Time, "Local::now, within a second of the last", local)
            .instead("`Utc::now`, and the zone added later"),
        Operation::new(Time, "Local::now, a second after the last", local_later)
            .instead("`Utc::now`, and the zone added later")
            .paths(&["chrono::Local::now"]),
        Operation::new(Log, "DateTime::to_rfc3339", format)
            .instead("the number, written later by another")
            .paths(&["chrono::DateTime::to_rfc3339"]),
    ],
};

fn utc(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Utc::now()));
}

fn local(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Local::now()));
}

fn local_later(bench: Bench<'_>) {
    bench
        .prepare(&|| time_passes(Duration::from_secs(2)))
        .call(&|| _ = black_box(Local::now()));
}

fn format(bench: Bench<'_>) {
    let now = Utc::now();
    bench.call(&|| _ = black_box(now.to_rfc3339()));
}
