#!/usr/bin/env bash
# A thread that only reads a moka cache runs the eviction listener, and the destructors, of what another thread inserted.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "who inserts into a full cache evicts, calls the listener and drops; a get that hits reads and counts"

rust 'moka = { version = "=0.12.16", features = ["sync"] }' 'mini-moka = "=0.10.3"' 'quick_cache = "=0.7.0"' <<'RUST'
mod counting;
use counting::count;
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    static HEARD: Cell<u64> = const { Cell::new(0) };
    static DROPPED: Cell<u64> = const { Cell::new(0) };
}

struct Element;

impl Drop for Element {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

/// Another thread inserts 400 elements where there is room for 100. Then this one reads.
fn measure(name: &str, insert: impl Fn(u64) + Send, get: impl Fn(u64) -> bool) {
    std::thread::scope(|scope| {
        scope.spawn(|| (0..400).for_each(insert));
    });
    let there: Vec<u64> = (0..400).collect();
    let (cost, hits) = count(|| there.iter().cycle().take(1_000).filter(|key| get(**key)).count());
    assert!(hits > 0);
    println!(
        "{name}, 1000 gets: listener called: {}, elements dropped: {}, allocated: {}",
        HEARD.take() > 0, DROPPED.take() > 0, cost.allocated > 0
    );
}

fn main() {
    let cache = moka::sync::Cache::builder()
        .max_capacity(100)
        .eviction_listener(|_key, _element: Arc<Element>, _cause| HEARD.set(HEARD.get() + 1))
        .build();
    measure("moka", |key| cache.insert(key, Arc::new(Element)), |key| cache.get(&key).is_some());
    let cache = mini_moka::sync::Cache::<u64, Arc<Element>>::builder().max_capacity(100).build();
    measure("mini-moka", |key| cache.insert(key, Arc::new(Element)), |key| cache.get(&key).is_some());
    let cache = quick_cache::sync::Cache::<u64, Arc<Element>>::new(100);
    measure("quick_cache", |key| cache.insert(key, Arc::new(Element)), |key| cache.get(&key).is_some());
}
RUST

look target/debug/probe
holds \
  'moka, 1000 gets: listener called: true, elements dropped: true, allocated: true' \
  'mini-moka, 1000 gets: listener called: false, elements dropped: true, allocated: (true|false)' \
  'quick_cache, 1000 gets: listener called: false, elements dropped: false, allocated: false'
echo "found:   every 64th get of moka does what writers left behind: it evicts, calls listeners and drops, with the cache's maintenance lock held"
