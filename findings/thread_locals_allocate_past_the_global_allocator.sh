#!/usr/bin/env bash
# Each thread_local! with a destructor takes memory at a thread's first look, from the C library and not from the global allocator, so
# that no allocator wrapper sees it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "a const thread-local has its place in the thread's memory: no allocation; and what std allocates goes through #[global_allocator]"

rust 'libc = "=0.2.186"' <<'RUST'
mod counting;
use counting::count;
use std::cell::Cell;

struct Guard(#[allow(dead_code)] u8);

impl Drop for Guard {
    fn drop(&mut self) {}
}

thread_local! {
    static PLAIN: Cell<u8> = const { Cell::new(0) };
    static FIRST: Guard = const { Guard(0) };
    static SECOND: Guard = const { Guard(0) };
}

/// How many bytes the C library's allocator has given out.
fn given() -> usize {
    unsafe { libc::mallinfo2() }.uordblks
}

fn measure(name: &str, look: impl FnOnce()) {
    let before = given();
    let (cost, ()) = count(look);
    let more = given() > before;
    println!("{name}: {} by the global allocator, {} by malloc", cost.allocated, if more { "some" } else { "none" });
}

fn main() {
    println!("a new thread");
    std::thread::spawn(|| {
        measure("warm-up", || ());
        measure("without a destructor", || PLAIN.set(1));
        measure("with a destructor", || FIRST.with(|_| ()));
        measure("another with a destructor", || SECOND.with(|_| ()));
        measure("the first one again", || FIRST.with(|_| ()));
    })
    .join()
    .unwrap();
}
RUST

look target/debug/probe
holds \
  'without a destructor: 0 by the global allocator, none by malloc' \
  'with a destructor: 0 by the global allocator, some by malloc' \
  'another with a destructor: 0 by the global allocator, some by malloc' \
  'the first one again: 0 by the global allocator, none by malloc'
echo "found:   std registers each destructor by glibc's __cxa_thread_atexit_impl, which callocs an entry: touch thread-locals before the thread becomes real-time"
