#!/usr/bin/env bash
# AtomicCell of a stereo sample, eight bytes, is not lock-free on a 64-bit machine.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

guessed "what fits a machine word is lock-free: (f32, f32), Option<u32>, [u8; 8] and (u16, u16) as well as f64 and u64"

rust 'crossbeam-utils = "=0.8.23"' <<'RUST'
use crossbeam_utils::atomic::AtomicCell;

macro_rules! tell {
    ($($of:ty),* $(,)?) => {
        $(println!(
            "{}: {} bytes, alignment {}, lock-free {}",
            stringify!($of), size_of::<$of>(), align_of::<$of>(), AtomicCell::<$of>::is_lock_free()
        );)*
    };
}

fn main() {
    tell!(u64, f64, Option<std::num::NonZeroU64>, (f32, f32), [f32; 2], Option<u32>, (u16, u16), [u8; 8], [u8; 2]);
}
RUST

look target/debug/probe
holds \
  'u64: 8 bytes, alignment 8, lock-free true' \
  'f64: 8 bytes, alignment 8, lock-free true' \
  'Option<std::num::NonZeroU64>: 8 bytes, alignment 8, lock-free true' \
  '\(f32, f32\): 8 bytes, alignment 4, lock-free false' \
  '\[f32; 2\]: 8 bytes, alignment 4, lock-free false' \
  'Option<u32>: 8 bytes, alignment 4, lock-free false' \
  '\(u16, u16\): 4 bytes, alignment 2, lock-free false' \
  '\[u8; 8\]: 8 bytes, alignment 1, lock-free false' \
  '\[u8; 2\]: 2 bytes, alignment 1, lock-free false'
echo "found:   the alignment decides, not the size: these cells take a spin lock that unrelated cells share"
