#!/usr/bin/env bash
# A wait of no time at all is not a try: parking_lot's makes seven system calls, crossbeam's four, that of std's channel none.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs strace "apt-get install strace"

guessed "with a time-out of zero, or a deadline that is over, the call looks once, as its try does, and makes no system call"

rust 'crossbeam-channel = "=0.5.17"' 'flume = "=0.11.1"' 'kanal = "=0.1.1"' 'parking_lot = "=0.12.5"' \
  'parking_lot_core = "=0.9.12"' <<'RUST'
use std::time::{Duration, Instant};

fn main() {
    const CALLS: usize = 10;
    let (zero, past) = (Duration::ZERO, Instant::now());
    let mutex = parking_lot::Mutex::new(());
    let held = mutex.lock();
    let rwlock = parking_lot::RwLock::new(());
    let written = rwlock.write();
    let (_std_tx, std_rx) = std::sync::mpsc::sync_channel::<()>(1);
    let (_tx, rx) = crossbeam_channel::bounded::<()>(1);
    let (_flume_tx, flume_rx) = flume::bounded::<()>(1);
    let (_kanal_tx, kanal_rx) = kanal::bounded::<()>(1);
    let case = std::env::args().nth(1).unwrap();
    for _ in 0..CALLS {
        let refused = match case.as_str() {
            "parking_lot try_lock" => mutex.try_lock().is_none(),
            "parking_lot try_lock_for" => mutex.try_lock_for(zero).is_none(),
            "parking_lot try_lock_until" => mutex.try_lock_until(past).is_none(),
            "parking_lot try_read_for" => rwlock.try_read_for(zero).is_none(),
            "std recv_timeout" => std_rx.recv_timeout(zero).is_err(),
            "crossbeam try_recv" => rx.try_recv().is_err(),
            "crossbeam recv_timeout" => rx.recv_timeout(zero).is_err(),
            "crossbeam select default" => crossbeam_channel::select! { recv(rx) -> _ => false, default => true },
            "crossbeam select default zero" => crossbeam_channel::select! { recv(rx) -> _ => false, default(zero) => true },
            "flume recv_timeout" => flume_rx.recv_timeout(zero).is_err(),
            "kanal recv_timeout" => kanal_rx.recv_timeout(zero).is_err(),
            _ => unreachable!(),
        };
        assert!(refused);
    }
    drop((held, written));
}
RUST
strace --version | sed -n '1s/^/with:    /p'

every() {
  local name
  for name in "parking_lot try_lock" "parking_lot try_lock_for" "parking_lot try_lock_until" "parking_lot try_read_for" \
    "std recv_timeout" "crossbeam try_recv" "crossbeam recv_timeout" "crossbeam select default" \
    "crossbeam select default zero" "flume recv_timeout" "kanal recv_timeout"; do
    strace -f -e trace=sched_yield,futex -o trace target/debug/probe "$name"
    echo "$name: $(grep -c 'sched_yield\|futex' trace || true) system calls by 10 calls"
  done
}
look every
holds \
  'parking_lot try_lock: 0 system calls by 10 calls' \
  'parking_lot try_lock_for: 70 system calls by 10 calls' \
  'parking_lot try_lock_until: 70 system calls by 10 calls' \
  'parking_lot try_read_for: 70 system calls by 10 calls' \
  'std recv_timeout: 0 system calls by 10 calls' \
  'crossbeam try_recv: 0 system calls by 10 calls' \
  'crossbeam recv_timeout: 40 system calls by 10 calls' \
  'crossbeam select default: 0 system calls by 10 calls' \
  'crossbeam select default zero: 40 system calls by 10 calls' \
  'flume recv_timeout: 0 system calls by 10 calls' \
  'kanal recv_timeout: 0 system calls by 10 calls'
echo "found:   they yield the processor first and look at the clock afterwards; each yield may let another thread run for a whole slice"
