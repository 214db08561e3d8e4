#!/usr/bin/env bash
# thread-priority, told to set another thread's priority, sets the caller's; and what it reads back is 0, whatever was set.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "the call that takes a thread's id changes that thread, and the getter returns what the setter was given"

rust 'thread-priority = "=3.1.1"' 'libc = "=0.2.191"' <<'RUST'
use std::sync::mpsc::channel;
use thread_priority::*;

fn nice() -> i32 {
    // SAFETY: no memory is passed; 0 is the calling thread.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

fn main() {
    let start = nice();
    let (ids, id) = channel();
    let (go, wait) = channel::<()>();
    let other = std::thread::spawn(move || {
        ids.send(thread_native_id()).unwrap();
        wait.recv().unwrap();
        nice()
    });
    // Lower than before, which needs no privilege.
    let low = ThreadPriority::Crossplatform(10_u8.try_into().unwrap());
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    let result = set_thread_priority_and_policy(id.recv().unwrap(), low, policy);
    go.send(()).unwrap();
    let (mine, others) = (nice(), other.join().unwrap());
    println!("the call for the other thread: {}", if result.is_ok() { "Ok" } else { "an error" });
    println!("the other thread: {}", if others == start { "as before" } else { "changed" });
    println!("the calling thread: {}", if mine == start { "as before" } else { "changed" });
    println!("read back after priority 10 was set: {:?}", get_current_thread_priority().unwrap());
}
RUST

look target/debug/probe
holds 'the call for the other thread: Ok' 'the other thread: as before' 'the calling thread: changed' \
  'read back after priority 10 was set: Crossplatform\(ThreadPriorityValue\(0\)\)'
echo "found:   under the normal policy a priority is a nice value, and that is set for whoever calls, without an error"
