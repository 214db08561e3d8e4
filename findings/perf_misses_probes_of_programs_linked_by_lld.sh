#!/usr/bin/env bash
# Static probes (SystemTap's, `sys/sdt.h`) are notes in a program's file with the addresses of `nop`s. rustc links by lld on x86-64
# Linux. There the code lies in the file at other offsets than its addresses, which lld may choose so. perf takes the address of
# a probe for its offset, sets its breakpoint somewhere else, and says that all went well. So no event ever comes.
# The same program linked by GNU ld has them. gdb finds the probes of both.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

needs_root "perf sets probes in the kernel"
needs perf "Debian's linux-perf"
needs gdb "Debian's gdb"
needs readelf "Debian's binutils"

guessed "perf records an event for each time that a program comes by a static probe, whichever linker made the program"

events=/sys/kernel/tracing/uprobe_events
[[ -e $events ]] || mount -t tracefs nodev /sys/kernel/tracing
[[ -e $events ]] || { echo "missing: $events (a kernel with CONFIG_UPROBE_EVENTS)" >&2; exit 1; }

rust 'probe = "=0.5.2"' <<'RUST'
#[inline(never)]
fn pass(number: u64) {
    probe::probe!(found, pass, number);
}

fn main() {
    for number in 1..=5 {
        pass(number);
    }
}
RUST
cp target/debug/probe by_lld
RUSTFLAGS="-Clinker-features=-lld" cargo build --quiet
cp target/debug/probe by_ld
perf --version
gdb --version | head -1

# Sets perf's probes in a program, runs it, and says how many events came, where the probe is, and where perf set it.
try() { # try PROGRAM
  local address set offset in_file at size
  perf --buildid-dir "$dir/cache-$1" buildid-cache --add "$dir/$1" 2>/dev/null
  perf --buildid-dir "$dir/cache-$1" probe -x "$dir/$1" sdt_found:pass >/dev/null 2>&1
  set=$(sed -n "s|.*$dir/$1:\(0x[0-9a-f]*\).*|\1|p" "$events")
  perf record -o "$dir/data" -e sdt_found:pass "$dir/$1" >/dev/null 2>&1
  address=$(readelf -nW "$dir/$1" | sed -n 's/.*Location: \(0x[0-9a-f]*\),.*/\1/p')
  while read -r _ in_file at _ size _; do
    if ((address >= at && address < at + size)); then offset=$((address - at + in_file)); fi
  done < <(readelf -lW "$dir/$1" | grep LOAD)
  echo "$1: events: $(perf script -i "$dir/data" 2>/dev/null | grep -c sdt_found:pass || true)"
  echo "$1: perf set it at its offset in the file: $([[ $((set)) == "$offset" ]] && echo yes || echo no)"
  echo "$1: perf set it at its address: $([[ $((set)) == $((address)) ]] && echo yes || echo no)"
  perf probe -d 'sdt_found:*' >/dev/null 2>&1 || true
  echo "$1: gdb came by it: $(gdb -batch -ex 'break -probe-stap found:pass' -ex run -ex 'print $_probe_arg0' "$dir/$1" 2>/dev/null | grep -c '^\$1 = 1$')"
}

both() { try by_ld && try by_lld; }
look both
holds "by_ld: events: 5"
holds "by_ld: perf set it at its offset in the file: yes"
holds "by_lld: events: 0"
holds "by_lld: perf set it at its offset in the file: no"
holds "by_lld: perf set it at its address: yes"
holds "by_lld: gdb came by it: 1"
echo "found:   in a program that lld linked, perf sets static probes at the wrong place, without a word, and records nothing"
