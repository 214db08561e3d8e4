#!/usr/bin/env bash
# thread::park_timeout with no time sleeps all the same; thread::sleep with no time does not even make a system call.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "park_timeout(0) looks whether it was unparked, and returns; sleep(0) makes a system call, which gives the processor away"

rust 'libc = "=0.2.191"' <<'RUST'
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// How often this thread has waited.
fn waits() -> i64 {
    let mut usage = std::mem::MaybeUninit::uninit();
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    unsafe { usage.assume_init() }.ru_nvcsw
}

fn measure(name: &str, call: impl Fn()) {
    let before = waits();
    (0..100).for_each(|_| call());
    println!("{name}: {} sleeps by 100 calls", waits() - before);
}

fn main() {
    let no_time = Duration::ZERO;
    let (_tx, rx) = mpsc::channel::<()>();
    let (lock, condvar) = (Mutex::new(()), Condvar::new());
    measure("sleep", || thread::sleep(no_time));
    measure("Receiver::recv_timeout", || drop(rx.recv_timeout(no_time)));
    measure("Condvar::wait_timeout", || drop(condvar.wait_timeout(lock.lock().unwrap(), no_time)));
    measure("park_timeout", || thread::park_timeout(no_time));
}
RUST

look target/debug/probe
holds 'sleep: 0 sleeps by 100 calls' 'Receiver::recv_timeout: 0 sleeps by 100 calls' \
  'Condvar::wait_timeout: [1-9][0-9]* sleeps by 100 calls' 'park_timeout: [1-9][0-9]* sleeps by 100 calls'
echo "found:   a park of no time is a futex wait whose time is over only when the kernel's timer has said so: the thread is off its processor until then"
