#!/usr/bin/env bash
# Of ten allocator wrappers that only count or forbid, six make vec![0; n] write every byte, and four copy all of a growing
# vector, used or not.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a wrapper hands zeroed allocations and reallocations on to the system's allocator, which takes untouched pages for both"

wrapper() { # wrapper NAME EXPRESSION-TYPE EXPRESSION
  mkdir -p src/bin
  cat >"src/bin/$1.rs" <<RUST
#[global_allocator]
static GLOBAL: $2 = $3;

fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096 >> 20
}

fn main() {
    let before = resident();
    let zeroed = std::hint::black_box(vec![0_u8; 64 << 20]);
    let made = resident();
    let mut grown = Vec::<u8>::with_capacity(64 << 20);
    grown.push(1);
    std::hint::black_box(&mut grown).reserve_exact(128 << 20);
    let end = resident();
    let all = |from, to, size| if to - from >= size { "all" } else if to - from < 8 { "none" } else { "some" };
    println!(
        "$1: {} of 64 zeroed MiB touched, {} of 64 MiB with one byte in use copied as it grew",
        all(before, made, 64), all(made, end, 64)
    );
    drop((zeroed, grown));
}
RUST
}
system=std::alloc::System
wrapper system "$system" "$system"
wrapper stats_alloc "&stats_alloc::StatsAlloc<$system>" '&stats_alloc::INSTRUMENTED_SYSTEM'
wrapper cap "cap::Cap<$system>" "cap::Cap::new($system, usize::MAX)"
wrapper alloc_metrics "alloc_metrics::MetricAlloc<$system>" "alloc_metrics::MetricAlloc::new($system)"
wrapper mockalloc "mockalloc::Mockalloc<$system>" "mockalloc::Mockalloc($system)"
wrapper alloc_counter alloc_counter::AllocCounterSystem alloc_counter::AllocCounterSystem
wrapper dhat dhat::Alloc dhat::Alloc
wrapper assert_no_alloc assert_no_alloc::AllocDisabler assert_no_alloc::AllocDisabler
wrapper tracking_allocator "tracking_allocator::Allocator<$system>" 'tracking_allocator::Allocator::system()'
wrapper peak_alloc peak_alloc::PeakAlloc peak_alloc::PeakAlloc
wrapper trallocator "trallocator::Trallocator<$system>" "trallocator::Trallocator::new($system)"

rust 'alloc-metrics = "=0.1.1"' 'alloc_counter = "=0.0.4"' 'assert_no_alloc = "=1.1.2"' 'cap = "=0.1.2"' 'dhat = "=0.3.3"' \
  'mockalloc = "=0.1.2"' 'peak_alloc = "=0.3.0"' 'stats_alloc = "=0.1.10"' 'tracking-allocator = "=0.4.0"' \
  'trallocator = "=0.2.2"' <<'RUST'
fn main() {}
RUST

all() { for program in src/bin/*.rs; do "target/debug/$(basename "$program" .rs)"; done; }
look all
for good in system stats_alloc cap alloc_metrics mockalloc; do
  holds "$good: none of 64 zeroed MiB touched, none of 64 MiB with one byte in use copied as it grew"
done
for half in alloc_counter dhat; do
  holds "$half: all of 64 zeroed MiB touched, none of 64 MiB with one byte in use copied as it grew"
done
for bad in assert_no_alloc tracking_allocator peak_alloc trallocator; do
  holds "$bad: all of 64 zeroed MiB touched, all of 64 MiB with one byte in use copied as it grew"
done
echo "found:   the default methods of GlobalAlloc write and copy: what only watches changes the faults and the memory of what it watches"
