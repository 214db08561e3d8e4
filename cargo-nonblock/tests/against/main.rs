//! The check against the watch: programs are checked, then run under the watch with the trap on, and no call may be seen in what was proved.
//!
//! The programs are those of the detection matrix, the tests of the drivers, and generated ones. `NONBLOCK_AGAINST_SEEDS` says how many are
//! generated.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod constructs;
mod drivers;
mod fuzzed;
mod generator;
mod matrix;
mod run;
