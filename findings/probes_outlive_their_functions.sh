#!/usr/bin/env bash
# Static probes (SystemTap's, `sys/sdt.h`) are notes in a program's file. The linker removes functions that nobody calls. A probe in
# such a function changes that, by either linker in a way of its own. With GNU ld the function stays, for the sake of the note. With
# lld, by which rustc links on x86-64 Linux, the function goes and the note stays, with an address at the file's very
# beginning. gdb and perf list these probes among the others.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

needs gdb "Debian's gdb"

guessed "a function that nobody calls is not in the program, nor are its static probes"

mkdir -p src
cat >src/lib.rs <<'RUST'
//! A library, of which the program calls one function.

#[inline(never)]
pub fn called_with_a_probe(number: u64) {
    static_probe::probe!(found, in_called, number);
}

#[inline(never)]
pub fn uncalled_with_a_probe(number: u64) {
    static_probe::probe!(found, in_uncalled, number);
}

#[inline(never)]
pub fn uncalled_without_probes(number: u64) {
    std::hint::black_box(number);
}
RUST
rust 'static_probe = { package = "probe", version = "=0.5.2" }' <<'RUST'
fn main() {
    probe::called_with_a_probe(1);
}
RUST
cp target/debug/probe by_lld
RUSTFLAGS="-Clinker-features=-lld" cargo build --quiet
cp target/debug/probe by_ld

has() { nm "$1" | grep -c "$2" || true; } # has PROGRAM FUNCTION
probes() { gdb -batch -ex 'info probes stap found' "$1" 2>/dev/null | grep -cw "$2" || true; }
list() { # list PROGRAM
  echo "$1: functions: called $(has "$1" 5probe19called_with_a_probe), uncalled $(has "$1" uncalled_without_probes), uncalled with a probe $(has "$1" uncalled_with_a_probe)"
  echo "$1: probes: of the called $(probes "$1" in_called), of the uncalled $(probes "$1" in_uncalled)"
}
both() { list by_ld && list by_lld; }

look both
holds "by_ld: functions: called 1, uncalled 0, uncalled with a probe 1" "by_ld: probes: of the called 1, of the uncalled 1"
holds "by_lld: functions: called 1, uncalled 0, uncalled with a probe 0" "by_lld: probes: of the called 1, of the uncalled 1"
echo "found:   a probe keeps its function in the program with GNU ld, and stays without it with lld"
