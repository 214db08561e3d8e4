use moka::sync::Cache;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "moka",
    operations: &[
        Operation::new(Read, "sync::Cache::get, nobody inserts", get)
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["moka::sync::Cache::get"]),
        Operation::new(Read, "sync::Cache::get, while another thread inserts", get_beside)
            .varies(&[("allocations", 0), ("frees", 0)])
            .first_varies(&[("allocations", 1), ("frees", 0)])
            .instead("`nonblock::rcu::Rcu` of a map")
            .paths(&["moka::sync::Cache::get"]),
    ],
};

fn get(bench: Bench<'_>) {
    let cache = Cache::new(100);
    cache.insert(1_u64, 1_u64);
    bench.call(&|| _ = black_box(cache.get(&1)));
}

fn get_beside(bench: Bench<'_>) {
    let cache = Cache::new(100);
    let next = std::sync::atomic::AtomicU64::new(0);
    bench.call(&|| {
        meanwhile(&|| cache.insert(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed), 1_u64));
        black_box(cache.get(&1));
    });
}
