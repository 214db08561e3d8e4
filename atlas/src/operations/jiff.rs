use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "jiff",
    operations: &[
        Operation::new(Time, "Timestamp::now", timestamp),
        Operation::new(Time, "ZonedDateTime::now, within five minutes of the last", zoned)
            .instead("`Timestamp::now`, and the zone added later"),
        Operation::new(Time, "ZonedDateTime::now, five minutes after the last", zoned_later)
            .instead("`Timestamp::now`, and the zone added later")
            .paths(&["jiff::ZonedDateTime::now"]),
        Operation::new(Time, "Timestamp::to_zoned_datetime, of a TimeZone", to_zoned)
            .note("the zone is cloned: whoever drops its last, frees"),
    ],
};

fn timestamp(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Timestamp::now()));
}

fn zoned(bench: Bench<'_>) {
    bench.call(&|| drop(black_box(ZonedDateTime::now())));
}

fn zoned_later(bench: Bench<'_>) {
    bench
        .prepare(&|| time_passes(Duration::from_secs(301)))
        .call(&|| drop(black_box(ZonedDateTime::now())));
}

fn to_zoned(bench: Bench<'_>) {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    bench.call(&|| drop(black_box(Timestamp::now().to_zoned_datetime(zone.clone()))));
}
