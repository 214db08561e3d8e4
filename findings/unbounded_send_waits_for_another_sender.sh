#!/usr/bin/env bash
# A sender of an unbounded channel asks the kernel to wake the receiver while it has a lock, and another sender sleeps until it has come back.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[[ $(uname -m) == x86_64 ]] || { echo "needs x86-64: it stops a thread in its next system call" >&2; exit 1; }

guessed "send of an unbounded channel waits for nobody: the documentation of std's says that it never blocks, and those of other crates have no \
limit either. Whoever wakes the receiver has let go of all locks by then"

rust 'async-channel = "=2.5.0"' 'crossbeam-channel = "=0.5.17"' 'flume = "=0.12.0"' 'kanal = "=0.1.1"' 'libc = "=0.2.191"' \
  'thingbuf = "=0.1.6"' 'tokio = { version = "=1.54.1", features = ["sync"] }' <<'RUST'
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

static SELECTOR: AtomicU8 = AtomicU8::new(0);
static STOPPED_IN: AtomicI32 = AtomicI32::new(0);

// The call is not made. The thread stays where it asked for it.
extern "C" fn stay(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    SELECTOR.store(0, SeqCst);
    // Its number lies behind the address of the instruction and the code of the processor.
    let number = unsafe { *info.cast::<i32>().add(6) };
    STOPPED_IN.store(number, SeqCst);
    loop {
        thread::yield_now();
    }
}

fn stop_at_next_call() {
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = stay as extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) as usize;
    action.sa_flags = libc::SA_SIGINFO;
    assert_eq!(unsafe { libc::sigaction(libc::SIGSYS, &action, std::ptr::null_mut()) }, 0);
    // PR_SET_SYSCALL_USER_DISPATCH, on, for no range of code
    let selector = &SELECTOR as *const AtomicU8;
    assert_eq!(unsafe { libc::prctl(59, 1_usize, 0_usize, 0_usize, selector) }, 0, "the kernel cannot do this");
    SELECTOR.store(1, SeqCst);
}

fn is_asleep(thread: &AtomicI32) -> bool {
    let read = |name| std::fs::read_to_string(format!("/proc/self/task/{}/{name}", thread.load(SeqCst))).unwrap_or_default();
    let state = read("stat").rsplit_once(") ").map_or(' ', |(_, rest)| rest.chars().next().unwrap_or(' '));
    state == 'S' && read("syscall").starts_with("202 ")
}

fn measure(name: &str, send: impl Fn() + Send + Clone + 'static, mut receive: impl FnMut() + Send + 'static) -> ! {
    static RECEIVER: AtomicI32 = AtomicI32::new(0);
    static SENDER: AtomicI32 = AtomicI32::new(0);
    // Both have sent before, so that neither needs memory.
    send();
    thread::spawn(move || {
        RECEIVER.store(unsafe { libc::gettid() }, SeqCst);
        loop {
            receive();
        }
    });
    let until_asleep = || while !is_asleep(&RECEIVER) { thread::yield_now() };
    until_asleep();
    let first = send.clone();
    thread::spawn(move || {
        first();
        while !is_asleep(&RECEIVER) { thread::yield_now() }
        stop_at_next_call();
        first();
        SELECTOR.store(0, SeqCst);
    });
    let begin = Instant::now();
    while STOPPED_IN.load(SeqCst) == 0 && begin.elapsed() < Duration::from_secs(5) { thread::yield_now() }
    assert_eq!(STOPPED_IN.load(SeqCst), 202, "{name}: the sender is not in futex");
    let second = thread::spawn(move || {
        SENDER.store(unsafe { libc::gettid() }, SeqCst);
        send();
    });
    let begin = Instant::now();
    while !second.is_finished() && !is_asleep(&SENDER) && begin.elapsed() < Duration::from_secs(2) { thread::yield_now() }
    let outcome = match () {
        () if second.is_finished() => "returns",
        () if is_asleep(&SENDER) => "sleeps in futex",
        () => "spins",
    };
    println!("{name}: the other sender {outcome}");
    unsafe { libc::_exit(0) }
}

fn main() {
    match &*std::env::args().nth(1).unwrap() {
        "std" => {
            let (tx, rx) = std::sync::mpsc::channel();
            measure("std", move || tx.send(1).unwrap(), move || _ = rx.recv())
        }
        "crossbeam" => {
            let (tx, rx) = crossbeam_channel::unbounded();
            measure("crossbeam-channel", move || tx.send(1).unwrap(), move || _ = rx.recv())
        }
        "flume" => {
            let (tx, rx) = flume::unbounded();
            measure("flume", move || tx.send(1).unwrap(), move || _ = rx.recv())
        }
        "kanal" => {
            let (tx, rx) = kanal::unbounded();
            measure("kanal", move || tx.send(1).unwrap(), move || _ = rx.recv())
        }
        "async-channel" => {
            let (tx, rx) = async_channel::unbounded();
            measure("async-channel", move || tx.try_send(1).unwrap(), move || _ = rx.recv_blocking())
        }
        "thingbuf" => {
            let (tx, rx) = thingbuf::mpsc::blocking::channel(64);
            measure("thingbuf", move || tx.try_send(1).unwrap(), move || _ = rx.recv())
        }
        "tokio" => {
            let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
            measure("tokio", move || tx.send(1).unwrap(), move || _ = rx.blocking_recv())
        }
        other => panic!("{other}"),
    }
}
RUST

all() { for channel in std crossbeam flume kanal async-channel thingbuf tokio; do target/debug/probe "$channel"; done; }
look all
for sleeps in std crossbeam-channel async-channel; do
  holds "$sleeps: the other sender sleeps in futex"
done
for returns in flume kanal thingbuf tokio; do
  holds "$returns: the other sender returns"
done
echo "found:   three of seven wake the receiver with a lock held that each sender takes where a receiver waits: if the one who wakes loses its \
processor there, all others sleep until it has one again"
