#!/usr/bin/env bash
# chrono's Local::now asks the file system for the time zone's file once a second, on each thread for itself; jiff reads all names of zones at
# its first now.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs strace "apt-get install strace"

guessed "the local zone is read once for the process, from one file; after that, now is a look at the clock"

rust 'chrono = "=0.4.45"' 'jiff = "=1.0.2"' <<'RUST'
mod counting;
use counting::count;
use std::{env, thread, time::Duration};

/// Marks a place in the trace.
fn mark(name: &str) {
    let _ = std::fs::metadata(format!("/mark-{name}"));
}

fn main() {
    let now: fn() = match env::args().nth(1).unwrap().as_str() {
        "chrono" => || drop(chrono::Local::now()),
        _ => || drop(jiff::ZonedDateTime::now()),
    };
    mark("first");
    let (cost, ()) = count(now);
    eprintln!("{}", cost.allocated);
    mark("soon");
    now();
    mark("later");
    thread::sleep(Duration::from_millis(1100));
    now();
    mark("thread");
    thread::spawn(move || now()).join().unwrap();
    mark("end");
}
RUST
strace --version | sed -n '1s/^/with:    /p'

every() {
  local crate place
  for crate in chrono jiff; do
    strace -f -e trace=%file,getdents64 -o trace target/debug/probe "$crate" 2>allocated
    echo "$crate, first: $(($(cat allocated) > 1000 ? 1000 : $(cat allocated))) allocations or more"
    for place in first soon later thread; do
      echo "$crate, $place: $(sed -n "/mark-$place/,/mark-/p" trace | grep -v mark- | grep -vc '+++\|/proc/\|/sys/' || true) calls"
    done
  done
}
look every
holds 'chrono, soon: 0 calls' 'chrono, later: [1-9] calls' 'chrono, thread: [1-9] calls' 'jiff, soon: 0 calls' 'jiff, later: 0 calls' \
  'jiff, thread: 0 calls' 'jiff, first: 1000 allocations or more' 'jiff, first: [0-9][0-9]+ calls'
echo "found:   chrono has a cache for each thread, and asks whether the file is another once a second; jiff first walks through all of \
/usr/share/zoneinfo, which takes thousands of allocations, and looks again after five minutes"
