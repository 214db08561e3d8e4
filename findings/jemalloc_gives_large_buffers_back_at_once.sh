#!/usr/bin/env bash
# jemalloc, which keeps freed memory for ten seconds, gives a buffer of 16 MiB back to the kernel at each free.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
needs strace "apt-get install strace"
needs make "make, and a C compiler, for jemalloc"

guessed "what is freed is kept for the decay time, ten seconds, whatever its size: a program that takes the same buffer again and again makes no system call"

rust 'libc = "=0.2.186"' 'mimalloc = "=0.1.52"' 'tikv-jemallocator = "=0.7.0"' <<'RUST'
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;

fn cycle(allocator: &dyn GlobalAlloc, bytes: usize, times: usize) {
    let layout = Layout::from_size_align(bytes, 16).unwrap();
    for _ in 0..times {
        unsafe {
            let buffer = allocator.alloc(layout);
            (0..bytes).step_by(4096).for_each(|at| buffer.add(at).write(1));
            allocator.dealloc(black_box(buffer), layout);
        }
    }
}

/// Marks a place in strace's output.
fn mark() {
    unsafe { libc::write(-1, b"mark".as_ptr().cast(), 4) };
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let allocator: &dyn GlobalAlloc = match arguments.next().as_deref() {
        Some("glibc") => &System,
        Some("jemalloc") => &tikv_jemallocator::Jemalloc,
        Some("mimalloc") => &mimalloc::MiMalloc,
        _ => unreachable!(),
    };
    let bytes = arguments.next().unwrap().parse::<usize>().unwrap() << 20;
    cycle(allocator, bytes, 20);
    mark();
    cycle(allocator, bytes, 50);
    mark();
}
RUST
strace --version | sed -n '1s/^/with:    /p'

every() {
  local allocator size calls
  for allocator in glibc jemalloc mimalloc; do
    for size in 4 16; do
      strace -f -e trace=write,madvise,mmap,munmap,brk -o trace target/debug/probe "$allocator" "$size"
      calls=$(sed -n '/"mark"/,/"mark"/p' trace | grep -vc '"mark"' || true)
      echo "$allocator, $size MiB: $calls system calls by 50 allocations and frees"
    done
  done
}
look every
holds \
  'glibc, 4 MiB: 0 system calls by 50 allocations and frees' \
  'glibc, 16 MiB: 0 system calls by 50 allocations and frees' \
  'jemalloc, 4 MiB: [0-4] system calls by 50 allocations and frees' \
  'jemalloc, 16 MiB: [56][0-9] system calls by 50 allocations and frees' \
  'mimalloc, 4 MiB: [0-4] system calls by 50 allocations and frees' \
  'mimalloc, 16 MiB: [0-4] system calls by 50 allocations and frees'
echo "found:   from 8 MiB on jemalloc uses an arena that keeps nothing (oversize_threshold), so each free is a madvise, and each page faults again"
