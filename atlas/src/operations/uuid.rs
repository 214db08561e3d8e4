use uuid::Uuid;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "uuid",
    operations: &[
        Operation::new(Random, "Uuid::new_v4", v4)
            .instead("`uuid::Builder::from_random_bytes`, of a generator"),
        Operation::new(Random, "Uuid::now_v7", v7)
            .varies(&[("call getrandom", 1)])
            .first_varies(&[("call getrandom", 1)])
            .instead("`uuid::Builder::from_unix_timestamp_millis`, of a generator")
            .paths(&["uuid::Uuid::now_v7"]),
    ],
};

fn v4(bench: Bench<'_>) {
    bench.call(&|| _ = black_box(Uuid::new_v4()));
}

fn v7(bench: Bench<'_>) {
    let now = || _ = black_box(Uuid::now_v7());
    bench.peer("`now_v7`", &now).call(&now);
}
