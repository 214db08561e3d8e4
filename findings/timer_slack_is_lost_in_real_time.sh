#!/usr/bin/env bash
# A thread that was real-time for a moment has lost its timer slack; while it is real-time the slack is 0, and setting it
# succeeds and does nothing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "a thread is made SCHED_FIFO for a moment"

guessed "the slack is the thread's own value: a real-time thread merely does not use it, and has it again afterwards"

rust 'libc = "=0.2.191"' <<'RUST'
fn slack() -> i32 {
    // SAFETY: no memory is passed.
    unsafe { libc::prctl(libc::PR_GET_TIMERSLACK) }
}

fn set(nanoseconds: libc::c_ulong) -> &'static str {
    // SAFETY: no memory is passed.
    if unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds) } == 0 { "succeeds" } else { "fails" }
}

fn schedule(policy: i32, sched_priority: i32) {
    // SAFETY: the parameter is ours.
    if unsafe { libc::sched_setscheduler(0, policy, &libc::sched_param { sched_priority }) } != 0 {
        eprintln!("sched_setscheduler: {}", std::io::Error::last_os_error());
        std::process::exit(1);
    }
}

fn main() {
    let default = slack();
    assert_eq!(set(77_777), "succeeds");
    println!("set to 77777: it is {}", slack());
    schedule(libc::SCHED_FIFO, 1);
    println!("real-time: it is {}", slack());
    println!("set to 1000 meanwhile: {}, and it is {}", set(1_000), slack());
    schedule(libc::SCHED_OTHER, 0);
    println!("normal again: it is the default {}, it is 77777 {}", slack() == default, slack() == 77_777);
}
RUST

look target/debug/probe
holds 'set to 77777: it is 77777' 'real-time: it is 0' 'set to 1000 meanwhile: succeeds, and it is 0' \
  'normal again: it is the default true, it is 77777 false'
echo "found:   the change of policy overwrites the value, in both directions"
