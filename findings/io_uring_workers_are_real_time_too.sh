#!/usr/bin/env bash
# The kernel's io_uring workers of a real-time thread are real-time themselves, at its priority.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs_root "a thread is made SCHED_FIFO"

guessed "what io_uring hands to a worker runs as ordinary kernel work: the blocking part of a request has left the real-time thread"

rust 'io-uring = "=0.7.16"' 'libc = "=0.2.191"' <<'RUST'
use io_uring::{IoUring, opcode, squeue::Flags, types::Fd};

/// What a worker is like, after its thread has asked for a read that it makes wait.
fn worker(policy: i32, sched_priority: i32) -> String {
    // SAFETY: the pipe, the buffer and the ring live until the read is done.
    unsafe {
        assert_eq!(libc::sched_setscheduler(0, policy, &libc::sched_param { sched_priority }), 0);
        let mut ring = IoUring::new(2).unwrap_or_else(|error| {
            eprintln!("no io_uring here: {error}");
            std::process::exit(1)
        });
        let (mut ends, mut buffer) = ([0; 2], [0_u8; 1]);
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let read = opcode::Read::new(Fd(ends[0]), buffer.as_mut_ptr(), 1).build().flags(Flags::ASYNC);
        ring.submission().push(&read).unwrap();
        ring.submit().unwrap();
        let name = format!("iou-wrk-{}", libc::syscall(libc::SYS_gettid));
        let task = loop {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
            let mut named = tasks.filter(|task| std::fs::read_to_string(task.join("comm")).unwrap_or_default().trim() == name);
            if let Some(task) = named.next() {
                break task.file_name().unwrap().to_str().unwrap().parse().unwrap();
            }
            std::thread::yield_now();
        };
        let mut parameter = libc::sched_param { sched_priority: -1 };
        assert_eq!(libc::sched_getparam(task, &mut parameter), 0);
        let policy = match libc::sched_getscheduler(task) {
            libc::SCHED_OTHER => "SCHED_OTHER",
            libc::SCHED_FIFO => "SCHED_FIFO",
            _ => "another",
        };
        assert_eq!(libc::write(ends[1], [0_u8].as_ptr().cast(), 1), 1);
        ring.submit_and_wait(1).unwrap();
        format!("policy {policy}, priority {}", parameter.sched_priority)
    }
}

fn main() {
    for (name, policy, priority) in [("normal", libc::SCHED_OTHER, 0), ("real-time", libc::SCHED_FIFO, 7)] {
        let found = std::thread::spawn(move || worker(policy, priority)).join().unwrap();
        println!("worker of a {name} thread: {found}");
    }
}
RUST

look timeout 60 target/debug/probe
holds 'worker of a normal thread: policy SCHED_OTHER, priority 0' 'worker of a real-time thread: policy SCHED_FIFO, priority 7'
echo "found:   a worker is a copy of its submitter: a file system's work may now outrank every normal thread of the machine"
